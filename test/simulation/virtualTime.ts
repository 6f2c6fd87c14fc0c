/** Time that passes only when everybody waits for it. Timers of the same moment fire in the order in which they were set. */

interface Timer {
  at: number;
  order: number;
  fire: () => void;
  cancelled: boolean;
}

const real = { setTimeout, clearTimeout, setImmediate };

export class VirtualTime {
  now: number;
  #timers: Timer[] = [];
  #order = 0;

  constructor(startsAt: number) {
    this.now = startsAt;
  }

  /** Timers of the program itself go by it, too, until `release`. */
  take(): void {
    const set = (fire: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
      this.set(() => fire(...given), ms);
    const clear = (timer: Timer | undefined) => {
      if (timer !== undefined) timer.cancelled = true;
    };
    Object.assign(globalThis, {
      setTimeout: set,
      clearTimeout: clear,
      setImmediate: (fire: () => void) => set(fire),
    });
  }

  release(): void {
    Object.assign(globalThis, real);
  }

  set(fire: () => void, ms: number): Timer {
    const timer = { at: this.now + Math.max(0, ms), order: ++this.#order, fire, cancelled: false };
    this.#push(timer);
    return timer;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.set(resolve, ms);
    });
  }

  /** False when it does not come to its end in the time given. */
  async runUntil(isOver: () => boolean, withinMs: number): Promise<boolean> {
    const end = this.now + withinMs;
    await settled();
    while (!isOver()) {
      const next = this.#timers[0];
      if (next === undefined || next.at > end) return false;
      this.now = next.at;
      while (this.#timers[0]?.at === next.at) {
        const timer = this.#pop();
        if (timer?.cancelled === false) timer.fire();
      }
      await settled();
    }
    return true;
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#timers;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) below++;
      const child = heap[below];
      if (child === undefined || isBefore(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Everything that promises lead to without time passing has happened: the real event loop has gone round. */
const settled = (): Promise<void> => new Promise((resolve) => real.setImmediate(resolve));

import { refuse } from './errors.ts';

/**
 * How many queries are at work, and how many wait. The engine's threads are few and shared with ingest and with the
 * readers of the other doors, so that analysts get a small, fixed share.
 */
export class Turns {
  private readonly limits: { atWork: number; waiting: number; waitMs: number };
  private atWork = 0;
  private readonly waiting = new Set<() => void>();
  constructor(limits: { atWork: number; waiting: number; waitMs: number }) {
    this.limits = limits;
  }

  /** Resolves when it is this one's turn, with the function that ends it. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.atWork >= this.limits.atWork) await this.wait(signal);
    else this.atWork++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.passOn();
    };
  }

  private passOn(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.atWork--;
      return;
    }
    this.waiting.delete(next);
    next();
  }

  private wait(signal: AbortSignal): Promise<void> {
    if (this.waiting.size >= this.limits.waiting) throw this.tooMany();
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.waiting.delete(begin);
        outcome();
      };
      const begin = () => settle(resolve);
      const onAbort = () => settle(() => reject(refuse('QUERY_WAS_CANCELLED', 'Query was cancelled')));
      const timer = setTimeout(() => settle(() => reject(this.tooMany())), this.limits.waitMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(begin);
    });
  }

  private tooMany() {
    return refuse(
      'TOO_MANY_SIMULTANEOUS_QUERIES',
      `Too many simultaneous queries. Maximum: ${this.limits.atWork} at work, ${this.limits.waiting} waiting`,
    );
  }
}

const FIRST_BACK_OFF_MS = 50;
const MOST_BACK_OFF_MS = 5_000;

/** Doubles with every try in a row, with a share of chance so that many clients do not come back at once. */
export function backOff(tries: number): number {
  const full = Math.min(MOST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(tries, 20));
  return full * (0.5 + Math.random() / 2);
}

/** Resolves after `ms`, or when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** The promise's outcome, or `late()` thrown when it takes longer; what comes after that is let go. */
export function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The promise's outcome, or `aborted()` thrown as soon as the signal aborts. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, aborted: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

export interface Stop {
  readonly signal: AbortSignal;
  /** True when the time has run out, rather than somebody having stopped it. */
  readonly isLate: boolean;
  /** Lets go of the signals and of the timer. */
  release(): void;
}

/**
 * Stops with the first of the signals, or after `ms`. Not `AbortSignal.any`: over a time-out that nobody else holds, Node 20
 * may collect it before it fires.
 */
export function stopWith(signals: readonly (AbortSignal | undefined)[], ms?: number): Stop {
  const controller = new AbortController();
  let isLate = false;
  const stop = (): void => controller.abort();
  const release = (): void => {
    clearTimeout(timer);
    for (const signal of signals) signal?.removeEventListener('abort', stop);
  };
  const late = (): void => {
    isLate = !controller.signal.aborted;
    stop();
  };
  const timer = ms === undefined ? undefined : setTimeout(late, Math.max(0, ms));
  for (const signal of signals) {
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
  }
  return {
    signal: controller.signal,
    get isLate() {
      return isLate;
    },
    release,
  };
}

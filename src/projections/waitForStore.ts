import { pause, unlessAborted } from './batchWindow.ts';
import type { ReadStore } from './ports.ts';

const firstRetryMs = 500;
const longestRetryMs = 10_000;

export interface WaitingDeps {
  signal: AbortSignal;
  /** With what the store, or the way to it, said; told each time. */
  onWaiting(error: unknown, retryInMs: number): void;
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** True once the store answers; false when `signal` ends the wait. */
export async function waitForStore(store: Pick<ReadStore, 'ping'>, deps: WaitingDeps): Promise<boolean> {
  const { signal, onWaiting, pause: wait = pause } = deps;
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    try {
      await unlessAborted(store.ping(), signal);
      return !signal.aborted;
    } catch (error) {
      onWaiting(error, retryMs);
      await wait(retryMs, signal);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }
  return false;
}

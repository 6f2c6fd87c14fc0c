import { hash64 } from '../../fingerprint/hash.ts';

/** So long after the request it is given up. */
export const retryForMs = 24 * 3_600_000;
/** A process that has not told the end of its attempt for so long is taken as gone. */
export const abandonedAfterMs = 10 * 60_000;
/** From so many failures in a row on, a channel is probed with one message at a time. */
export const breakerFailures = 5;

const firstWaitMs = 1_000;
const longestWaitMs = 5 * 60_000;
/** Up to this part of a wait is taken off, so that what failed together does not come back together. */
const jitter = 0.2;
/** A channel that asks for longer is asked again after this. */
const longestPauseMs = 3_600_000;

/** 1s, 2s, 4s … 5min, less a jitter that is the same whenever it is computed. */
export function waitAfter(failures: number, key: string): number {
  const full = Math.min(firstWaitMs * 2 ** (failures - 1), longestWaitMs);
  const drawn = Number.parseInt(hash64(`${key}\n${failures}`).slice(0, 8), 16) / 0x1_0000_0000;
  return Math.round(full * (1 - jitter * drawn));
}

export interface Refusal {
  reason: string;
  permanent: boolean;
  retryAfterMs?: number;
}

/** When the next attempt is to be, and how long the channel as a whole is left alone; without a time it is given up. */
export function retryOf(
  refusal: Refusal,
  failed: { notification: string; attempt: number; deadline: number },
  now: number,
): { retryAt?: number; pausedUntil?: number } {
  if (refusal.permanent) return {};
  const asked = refusal.retryAfterMs;
  const pause = asked === undefined || Number.isNaN(asked) ? 0 : Math.min(Math.max(asked, 0), longestPauseMs);
  const wait = Math.max(waitAfter(failed.attempt, failed.notification), pause);
  // The last wait ends at the deadline, where it is given up by a record of its own.
  const retryAt = Math.min(now + wait, failed.deadline);
  return pause > 0 ? { retryAt, pausedUntil: now + pause } : { retryAt };
}

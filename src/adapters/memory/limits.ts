import type { LimitClaim, LimitStore } from '../../api/ports.ts';
import { advance, initialLimit, type LimitState, strictest, take } from '../../domain/limits.ts';

export interface MemoryLimitsOptions {
  /** Milliseconds. */
  clock: () => number;
  /** A flood of new addresses pushes out those that were quiet, never grows the memory. */
  maxBuckets?: number;
}

export interface MemoryLimits extends LimitStore {
  readonly size: number;
}

interface Bucket {
  state: LimitState;
}

/**
 * Two generations: what is used moves to the young one, and when that is full or two windows old, the other one is
 * dropped whole. So nothing is sorted or deleted one by one, which would cost more than the limits themselves.
 */
export function createMemoryLimits({ clock, maxBuckets = 50_000 }: MemoryLimitsOptions): MemoryLimits {
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();
  let turnedAt = clock();
  let longestWindowMs = 0;

  const find = ({ bucket, policy }: LimitClaim, now: number): Bucket => {
    const known = young.get(bucket);
    if (known !== undefined) return known;
    const found = old.get(bucket) ?? { state: initialLimit(policy, now) };
    longestWindowMs = Math.max(longestWindowMs, policy.windowMs);
    if (young.size >= maxBuckets / 2) turn(now);
    young.set(bucket, found);
    return found;
  };

  const turn = (now: number): void => {
    old = young;
    young = new Map();
    turnedAt = now;
  };

  return {
    take(claims, cost) {
      const now = clock();
      // After two quiet windows a bucket is as good as new.
      if (now - turnedAt > 2 * longestWindowMs) turn(now);
      const tried = claims.map((claim) => {
        const bucket = find(claim, now);
        bucket.state = advance(bucket.state, claim.policy, now);
        return { bucket, ...take(bucket.state, claim.policy, cost) };
      });
      const verdict = tried.map((one) => one.verdict).reduce(strictest);
      if (verdict.allowed) for (const { bucket, state } of tried) bucket.state = state;
      return verdict;
    },
    async close() {
      young.clear();
      old.clear();
    },
    get size() {
      return young.size + old.size;
    },
  };
}

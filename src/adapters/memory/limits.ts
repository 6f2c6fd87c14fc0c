import type { LimitClaim, LimitStore } from '../../api/ports.ts';
import { advance, initialLimit, type LimitState, strictest, take } from '../../domain/limits.ts';

export interface MemoryLimitsOptions {
  /** Milliseconds. */
  clock: () => number;
  /** A flood of new addresses pushes out those that were quiet longest, never grows the memory. */
  maxBuckets?: number;
}

interface Bucket {
  state: LimitState;
  windowMs: number;
}

export interface MemoryLimits extends LimitStore {
  readonly size: number;
}

export function createMemoryLimits({ clock, maxBuckets = 50_000 }: MemoryLimitsOptions): MemoryLimits {
  // A Map keeps the order of insertion; what is used is put in anew, so the first is the longest unused.
  const buckets = new Map<string, Bucket>();

  const current = ({ bucket, policy }: LimitClaim, now: number): LimitState => {
    const known = buckets.get(bucket);
    if (known === undefined) return initialLimit(policy, now);
    return advance(known.state, policy, now);
  };

  const keep = ({ bucket, policy }: LimitClaim, state: LimitState): void => {
    buckets.delete(bucket);
    buckets.set(bucket, { state, windowMs: policy.windowMs });
  };

  const makeRoom = (now: number): void => {
    for (const [name, { state, windowMs }] of buckets) {
      // After two quiet windows a bucket is as good as new.
      const spent = now - state.at > 2 * windowMs;
      if (!spent && buckets.size <= maxBuckets) return;
      buckets.delete(name);
    }
  };

  return {
    take(claims, cost) {
      const now = clock();
      const advanced = claims.map((claim) => ({ claim, state: current(claim, now) }));
      const tried = advanced.map(({ claim, state }) => take(state, claim.policy, cost));
      const verdict = tried.map((one) => one.verdict).reduce(strictest);
      for (const [index, { claim, state }] of advanced.entries()) {
        keep(claim, verdict.allowed ? (tried[index]?.state ?? state) : state);
      }
      makeRoom(now);
      return verdict;
    },
    close: async () => buckets.clear(),
    get size() {
      return buckets.size;
    },
  };
}

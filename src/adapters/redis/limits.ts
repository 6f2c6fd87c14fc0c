import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { LimitClaim, LimitStore } from '../../api/ports.ts';
import { fitsIn, type LimitState, type LimitVerdict, strictest, verdictOf } from '../../domain/limits.ts';
import { limitScript } from './limitScript.ts';

export interface RedisLimits extends LimitStore {
  take(claims: readonly LimitClaim[], cost: number): Promise<LimitVerdict>;
  ping(): Promise<void>;
}

export interface RedisLimitsOptions {
  redis: Redis;
  /** Another time than Redis's own. */
  clock?: () => number;
}

// The braces put all keys of a call into one slot of a cluster.
const prefix = '{chronoscope:limits}:';
const scriptHash = createHash('sha1').update(limitScript).digest('hex');

/** The connection is the caller's; closing the store leaves it open. */
export function createRedisLimits({ redis, clock }: RedisLimitsOptions): RedisLimits {
  const run = async (args: readonly (string | number)[], keys: number): Promise<unknown> => {
    try {
      return await redis.evalsha(scriptHash, keys, ...args);
    } catch (error) {
      // A Redis that was started anew has forgotten the script.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(limitScript, keys, ...args);
    }
  };
  return {
    async take(claims, cost) {
      const keys = claims.map((claim) => prefix + claim.bucket);
      const policies = claims.flatMap(({ policy }) => [policy.limit, policy.windowMs, policy.burst]);
      const answer = await run([...keys, clock?.() ?? '', cost, ...policies], keys.length);
      return verdictFrom(answer, claims, cost);
    },
    ping: async () => {
      await redis.ping();
    },
    close: async () => {},
  };
}

function verdictFrom(answer: unknown, claims: readonly LimitClaim[], cost: number): LimitVerdict {
  if (!Array.isArray(answer)) throw new TypeError('Redis answered the limits script with no array.');
  const [allowed, ...states]: unknown[] = answer;
  const verdicts = claims.map(({ policy }, index) => {
    const state = parseState(String(states[index]));
    // When another claim refused, this one may still have room; it took nothing, and says what it has.
    const fits = allowed === 1 || fitsIn(state, policy, cost);
    return verdictOf(state, policy, cost, fits);
  });
  return verdicts.reduce(strictest);
}

function parseState(text: string): LimitState {
  const [at = 0, tokens = 0, slot = 0, ...counts] = text.split(' ').map(Number);
  return { at, tokens, slot, counts, total: counts.reduce((sum, count) => sum + count, 0) };
}

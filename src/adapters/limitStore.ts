import type { LimitStore } from '../api/ports.ts';
import { createMemoryLimits } from './memory/limits.ts';
import { createRedisConnection } from './redis/connection.ts';
import { createDegradingLimits } from './redis/degrading.ts';
import { createRedisLimits } from './redis/limits.ts';

/** Limits in Redis when there is one to share them through, in memory otherwise and whenever Redis is away. */
export interface OpenLimits {
  store: LimitStore;
  degraded(): boolean;
  /** Only where there is something outside to ask. */
  ping?: () => Promise<void>;
  close(): Promise<void>;
}

export interface LimitStoreOptions {
  redisUrl: string | undefined;
  onDegraded: (degraded: boolean, error: unknown) => void;
}

export function openLimits({ redisUrl, onDegraded }: LimitStoreOptions): OpenLimits {
  const local = createMemoryLimits({ clock: () => performance.now() });
  if (redisUrl === undefined) return { store: local, degraded: () => false, close: () => local.close() };
  // Connection errors repeat while Redis is away; the turn to memory is told once, by `onChange`.
  const redis = createRedisConnection({ url: redisUrl, onError: () => undefined });
  const shared = createRedisLimits({ redis });
  const store = createDegradingLimits({
    shared,
    local,
    onChange: ({ degraded, error }) => onDegraded(degraded, error),
  });
  const close = async () => {
    await store.close();
    redis.disconnect();
  };
  return { store, degraded: () => store.degraded, ping: () => shared.ping(), close };
}

import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryLimits } from '../../src/adapters/memory/limits.ts';
import { createRedisConnection } from '../../src/adapters/redis/connection.ts';
import { createDegradingLimits } from '../../src/adapters/redis/degrading.ts';
import { createRedisLimits } from '../../src/adapters/redis/limits.ts';
import { createRedisProcess, hasRedis, type RedisProcess } from '../support/redis.ts';

if (!hasRedis)
  console.warn('SKIPPED: redis-server is not on PATH, so the shared limits are NOT tested here.');

const minute = { limit: 100, windowMs: 60_000, burst: 100 };
const claims = [{ bucket: 'key', policy: minute }];

describe.skipIf(!hasRedis)('limits in Redis', () => {
  let server: RedisProcess;
  const cleanups: (() => Promise<unknown> | unknown)[] = [];

  beforeAll(async () => {
    server = await createRedisProcess();
    await server.start();
  });
  beforeEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    await server.remove();
  });

  /** What one process of the engine has: its own connection, its own memory to fall back on. */
  async function openProcess() {
    const redis = createRedisConnection({ url: server.url, onError: () => {} });
    const shared = createRedisLimits({ redis });
    const store = createDegradingLimits({
      shared,
      local: createMemoryLimits({ clock: Date.now }),
      retryEveryMs: 20,
    });
    cleanups.push(
      () => store.close(),
      () => redis.disconnect(),
    );
    await vi.waitFor(() => expect(redis.status).toBe('ready'));
    return { redis, shared, store };
  }

  test('two processes share one limit', async () => {
    const [a, b] = [await openProcess(), await openProcess()];
    await a.redis.flushall();
    const policy = { ...minute, limit: 10, burst: 10 };
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? a : b).store.take([{ bucket: 'shared', policy }], 1),
      ),
    );
    expect(verdicts.filter((verdict) => verdict.allowed)).toHaveLength(10);
    expect(await b.store.take([{ bucket: 'shared', policy }], 1)).toMatchObject({
      allowed: false,
      remaining: 0,
    });
    expect(a.store.degraded || b.store.degraded).toBe(false);
  });

  test('all claims of a request are taken, or none', async () => {
    const { redis, store } = await openProcess();
    await redis.flushall();
    const narrow = { bucket: 'narrow', policy: { ...minute, limit: 1, burst: 1 } };
    expect(await store.take([...claims, narrow], 1)).toMatchObject({ allowed: true, limit: 1 });
    expect(await store.take([...claims, narrow], 1)).toMatchObject({ allowed: false, limit: 1 });
    expect(await store.take(claims, 1)).toMatchObject({ allowed: true, remaining: 98 });
  });

  test('the script decides as the domain does, whatever the clock', async () => {
    const { redis } = await openProcess();
    let now = 0;
    const inRedis = createRedisLimits({ redis, clock: () => now });
    const steps = fc.array(
      fc.record({
        gap: fc.oneof(fc.integer({ min: -50, max: 400 }), fc.constantFrom(-5_000, 5_000)),
        cost: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        await redis.flushall();
        now = 1_000_000_000;
        const inMemory = createMemoryLimits({ clock: () => now });
        const both = [
          { bucket: 'a', policy: { limit: 12, windowMs: 1_000, burst: 5 } },
          { bucket: 'b', policy: { limit: 7, windowMs: 700, burst: 7 } },
        ];
        for (const { gap, cost } of sequence) {
          now += gap;
          const expected = await inMemory.take(both, cost);
          const found = await inRedis.take(both, cost);
          expect({ ...found, resetMs: 0 }).toEqual({ ...expected, resetMs: 0 });
          expect(found.resetMs).toBeCloseTo(expected.resetMs, 3);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('what is quiet is forgotten by Redis itself', async () => {
    const { redis, store } = await openProcess();
    await redis.flushall();
    await store.take(claims, 1);
    const [key = ''] = await redis.keys('*');
    const left = await redis.pttl(key);
    expect(left).toBeGreaterThan(minute.windowMs);
    expect(left).toBeLessThanOrEqual(2 * minute.windowMs);
  });

  test('a Redis that is killed costs no error, and when it is back the limits are shared again', async () => {
    const [a, b] = [await openProcess(), await openProcess()];
    await a.redis.flushall();
    await server.kill();
    const during = await Promise.all(Array.from({ length: 50 }, () => a.store.take(claims, 1)));
    expect(during.every((verdict) => verdict.allowed)).toBe(true);
    expect(a.store.degraded).toBe(true);
    await server.start();
    await b.store.take(claims, 1);
    await vi.waitFor(() => expect([a.store.degraded, b.store.degraded]).toEqual([false, false]), 10_000);
    await a.store.take(claims, 60);
    expect(await b.store.take(claims, 41)).toMatchObject({ allowed: false });
    expect(await b.store.take(claims, 40)).toMatchObject({ allowed: true, remaining: 0 });
  });

  test('a Redis that hangs is left aside, and nobody waits for it a second time', async () => {
    const { store, shared } = await openProcess();
    const asked = vi.spyOn(shared, 'take');
    server.freeze();
    try {
      expect(await store.take(claims, 1)).toMatchObject({ allowed: true });
      expect(store.degraded).toBe(true);
      const next = store.take(claims, 1);
      expect(next).not.toBeInstanceOf(Promise);
      expect(asked).toHaveBeenCalledTimes(1);
    } finally {
      server.thaw();
    }
    await vi.waitFor(() => expect(store.degraded).toBe(false), 10_000);
  });

  test('an engine that starts before its Redis serves from memory until it comes', async () => {
    await server.kill();
    const redis = createRedisConnection({ url: server.url, onError: () => {} });
    const changes: boolean[] = [];
    const store = createDegradingLimits({
      shared: createRedisLimits({ redis }),
      local: createMemoryLimits({ clock: Date.now }),
      retryEveryMs: 20,
      onChange: ({ degraded }) => changes.push(degraded),
    });
    cleanups.push(
      () => store.close(),
      () => redis.disconnect(),
    );
    expect(await store.take(claims, 1)).toMatchObject({ allowed: true });
    await server.start();
    await vi.waitFor(() => expect(changes).toEqual([true, false]), 10_000);
  });
});

import { expect, test } from 'vitest';
import { createMemoryLimits } from '../../src/adapters/memory/limits.ts';

const policy = { limit: 2, windowMs: 1_000, burst: 2 };

test('all claims of a request are taken, or none', async () => {
  const store = createMemoryLimits({ clock: () => 5_000 });
  const wide = { bucket: 'address', policy: { limit: 10, windowMs: 1_000, burst: 10 } };
  const narrow = { bucket: 'key', policy: { limit: 1, windowMs: 1_000, burst: 1 } };
  expect(await store.take([wide, narrow], 1)).toMatchObject({ allowed: true, remaining: 0, limit: 1 });
  expect(await store.take([wide, narrow], 1)).toMatchObject({ allowed: false, limit: 1 });
  expect(await store.take([wide], 1)).toMatchObject({ allowed: true, remaining: 8 });
});

test('a flood of addresses pushes out those that are quiet, not those in use', async () => {
  const store = createMemoryLimits({ clock: () => 5_000, maxBuckets: 100 });
  const busy = [{ bucket: 'busy', policy }];
  await store.take(busy, 2);
  for (let index = 0; index < 1_000; index += 1) {
    await store.take([{ bucket: `flood-${index}`, policy }], 1);
    await store.take(busy, 1);
  }
  expect(store.size).toBeLessThanOrEqual(100);
  expect(await store.take(busy, 1)).toMatchObject({ allowed: false });
});

test('quiet buckets are dropped, used ones kept', async () => {
  let now = 5_000;
  const store = createMemoryLimits({ clock: () => now });
  for (let index = 0; index < 50; index += 1) await store.take([{ bucket: `old-${index}`, policy }], 1);
  const busy = { bucket: 'busy', policy: { limit: 10, windowMs: 1_000, burst: 10 } };
  for (let round = 0; round < 6; round += 1) {
    now += 950;
    await store.take([busy], 1);
  }
  expect(store.size).toBeLessThanOrEqual(2);
  expect(await store.take([busy], 1)).toMatchObject({ remaining: 7 });
});

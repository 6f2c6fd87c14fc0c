import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import { batchesOf, eventsOf, logEvent, streamOf, to } from '../contracts/logEvents.ts';
import { type ModelAppend, ModelLog, numberOf } from '../contracts/modelLog.ts';

interface World {
  log: EventLog;
  model: ModelLog;
  now: number;
  reopen: () => Promise<EventLog>;
}

type Step =
  | { kind: 'append'; calls: ModelAppend[][]; clock: number }
  | { kind: 'read'; after: number; until: number; maxEvents: number }
  | { kind: 'stream'; stream: string; fromRevision: number }
  | { kind: 'time'; from: number; length: number }
  | { kind: 'expire'; age: number; keepEvery: number }
  | { kind: 'maintain' }
  | { kind: 'reopen' };

const stream = fc.constantFrom('a', 'b', 'request-1', 'alert-x');
const append: fc.Arbitrary<ModelAppend> = fc.record({
  stream,
  numbers: fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 12 }),
  expected: fc.oneof(
    { weight: 5, arbitrary: fc.constant<'any'>('any') },
    { weight: 1, arbitrary: fc.constant<'none'>('none') },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 12 }) },
  ),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant<'append'>('append'),
      calls: fc.array(fc.array(append, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      clock: fc.integer({ min: -20, max: 40 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant<'read'>('read'),
      after: fc.integer({ min: 0, max: 120 }),
      until: fc.integer({ min: 1, max: 150 }),
      maxEvents: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant<'stream'>('stream'),
      stream,
      fromRevision: fc.integer({ min: 0, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant<'time'>('time'),
      from: fc.integer({ min: 0, max: 300 }),
      length: fc.integer({ min: 0, max: 80 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant<'expire'>('expire'),
      age: fc.integer({ min: 0, max: 100 }),
      keepEvery: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'maintain' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'reopen' }) },
);

async function carryOut(world: World, step: Step): Promise<void> {
  const { log, model } = world;
  switch (step.kind) {
    case 'append':
      return appendBoth(world, step);
    case 'read': {
      const bounds = { after: log.parsePosition(`${step.after}`), until: log.parsePosition(`${step.until}`) };
      const batches = await batchesOf(log.read({ ...bounds, maxEvents: step.maxEvents }));
      const expected = model.events.filter(({ position }) => position > step.after && position <= step.until);
      const found = batches.flatMap(({ events }) => [...events]);
      expect(found.map(({ id }) => numberOf(id))).toEqual(expected.map(({ number }) => number));
      expect(Math.max(0, ...batches.map(({ events }) => events.length))).toBeLessThanOrEqual(step.maxEvents);
      if (batches.length > 0) expect(batches.at(-1)?.to).toBe(`${Math.min(step.until, model.head)}`);
      return;
    }
    case 'stream': {
      const found = await streamOf(log.readStream(step.stream, { fromRevision: step.fromRevision }));
      const expected = model.stream(step.stream, step.fromRevision);
      expect(found.map(({ id }) => numberOf(id))).toEqual(expected.map(({ number }) => number));
      return;
    }
    case 'time': {
      const range = { fromTime: start + step.from, toTime: start + step.from + step.length };
      const expected = model.events.filter(({ recordedAt: at }) => at >= range.fromTime && at < range.toTime);
      const found = await eventsOf(log.readByTime(range));
      expect(found.map(({ id }) => numberOf(id))).toEqual(expected.map(({ number }) => number));
      return;
    }
    case 'expire': {
      const before = world.now - step.age;
      const kept = (number: number) => number % step.keepEvery === 0;
      const count = await log.expire({ before, keep: ({ id }) => kept(numberOf(id)) });
      expect(count).toBe(model.expire(before, kept));
      return;
    }
    case 'maintain':
      return log.maintain();
    case 'reopen':
      world.log = await world.reopen();
  }
}

const start = 1_760_000_000_000;

/** All calls of a step are made at once, so that they meet in one group. */
async function appendBoth(world: World, step: Step & { kind: 'append' }): Promise<void> {
  world.now = Math.max(start, world.now + step.clock);
  const { forgotten } = world.model;
  const calls = step.calls.map((call) =>
    call.map((one) => ({ ...one, numbers: one.numbers.filter((number) => !forgotten.has(number)) })),
  );
  const outcomes = await Promise.all(
    calls.map((call) =>
      world.log.append(
        call.map(({ stream, numbers, expected }) =>
          to(
            stream,
            numbers.map((number) => logEvent(number)),
            expected,
          ),
        ),
      ),
    ),
  );
  for (const [i, outcome] of outcomes.entries()) {
    const expected = world.model.append(calls[i] ?? [], world.now);
    if ('actual' in expected) expect(outcome).toMatchObject({ kind: 'conflict', actual: expected.actual });
    else expect(outcome).toMatchObject({ kind: 'appended', ...expected });
  }
}

async function compareWhole({ log, model }: World): Promise<void> {
  const events = await eventsOf(log.read());
  const { events: expected } = model;
  expect(
    events.map(({ id, stream, position, recordedAt }) => [
      numberOf(id),
      stream,
      Number(position),
      recordedAt,
    ]),
  ).toEqual(
    expected.map(({ number, stream, position, recordedAt }) => [number, stream, position, recordedAt]),
  );
  expect((await log.stats()).events).toBe(expected.length);
}

const places: string[] = [];
afterAll(() => Promise.all(places.map((place) => rm(place, { recursive: true, force: true }))));

type Open = (clock: () => number, place: string) => Promise<EventLog>;

const adapters: Record<string, { open: Open; persists: boolean }> = {
  memory: { open: async (clock) => createMemoryLog({ clock }), persists: false },
  LMDB: { open: (clock, path) => openLmdbLog({ path, clock }), persists: true },
  'LMDB with sealed ids, without a cache and mapped anew all the time': {
    open: (clock, path) =>
      openLmdbLog({
        path,
        clock,
        idsPerSegment: 8,
        cacheBytes: 0,
        mappedBytes: 4_096,
        filterGroup: { blocks: 2, leastEvents: 1 },
      }),
    persists: true,
  },
};

describe.each(Object.entries(adapters))('a log does what the model does: %s', (_, { open, persists }) => {
  it('whatever is appended, read, expired, merged and opened again', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const place = await mkdtemp(join(tmpdir(), 'chronoscope-model-'));
        places.push(place);
        const world: World = {
          log: await open(() => world.now, place),
          model: new ModelLog(),
          now: start,
          reopen: async () => {
            if (!persists) return world.log;
            await world.log.close();
            return open(() => world.now, place);
          },
        };
        try {
          for (const one of steps) await carryOut(world, one);
          await compareWhole(world);
        } finally {
          await world.log.close();
        }
      }),
      { numRuns: Number(process.env.LOG_MODEL_RUNS ?? 60) },
    );
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openLmdbCheckpoints } from '../../../src/adapters/lmdb/checkpoints.ts';
import { type LmdbLog, openLmdbLog } from '../../../src/adapters/lmdb/eventLog.ts';
import { createMemoryCheckpoints } from '../../../src/adapters/memory/checkpoints.ts';
import { createMemoryLaneTopic } from '../../../src/adapters/memory/laneTopic.ts';
import { eventTypes, isTelemetry } from '../../../src/domain/events/catalogue.ts';
import { projections } from '../../../src/projections/catalogue.ts';
import { checksums, type DayChecksum } from '../../../src/projections/checksums.ts';
import { tableName } from '../../../src/projections/generations.ts';
import { createRelay } from '../../../src/projections/lanes/relay.ts';
import { createLaneRunner, type LaneRunnerDeps } from '../../../src/projections/lanes/runner.ts';
import { defaultLaneSettings } from '../../../src/projections/lanes/settings.ts';
import { createRemoteStandings } from '../../../src/projections/lanes/standings.ts';
import { type CheckpointStore, LogUnavailableError, type ReadStore } from '../../../src/projections/ports.ts';
import { tablesOf } from '../../../src/projections/projection.ts';
import { createRunner } from '../../../src/projections/runner.ts';
import { temporaryEngine } from '../../support/engine.ts';
import { event } from '../../support/events.ts';

const now = 1_790_000_000_000;
const lanes = 4;
const settings = {
  ...defaultLaneSettings,
  retentionDays: { raw: undefined, minutes: undefined, hours: undefined, kept: undefined },
  maxBatchEvents: 60,
  lingerMs: 1,
  busyLingerMs: 5,
  idleSaveMs: 20,
};

const observer: LaneRunnerDeps['observer'] = {
  inserted: () => undefined,
  failed: () => undefined,
  unprojectable: ({ reason }) => {
    throw new Error(reason);
  },
  laneTaken: () => undefined,
  laneFailed: () => undefined,
  laneMoved: () => undefined,
  groupFailed: () => undefined,
};

describe('read models filled by lanes', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  let folder: string;
  let log: LmdbLog;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    real = await temporaryEngine();
    folder = await mkdtemp(join(tmpdir(), 'chronoscope-lanes-'));
    log = await openLmdbLog({ path: join(folder, 'log'), clock: () => now });
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await log.close();
    await real.close();
    await rm(folder, { recursive: true, force: true });
  });

  const clear = async () => {
    for (const database of ['chronoscope', 'chronoscope_store'])
      await real.store.command(`DROP DATABASE IF EXISTS ${database}`);
  };

  async function append(from: number, count: number) {
    const types = eventTypes.filter(isTelemetry);
    const events = Array.from({ length: count }, (_, index) =>
      event(types[(from + index) % types.length] ?? 'LogWritten', {
        service: `bot ${(from + index) % 13}`,
        requestId: `r${(from + index) % 40}`,
        userId: `u${index % 5}`,
        occurredAt: now - index * 977,
      }),
    );
    const outcome = await log.append([{ stream: 's', events, expected: 'any' }]);
    if (outcome.kind !== 'appended') throw new Error('not appended');
    return outcome.position;
  }

  const allChecksums = async (): Promise<Record<string, DayChecksum[]>> => {
    const found: Record<string, DayChecksum[]> = {};
    for (const projection of projections) {
      for (const table of tablesOf(projection)) {
        const name = tableName(real.store.layout, { version: projection.version, number: 1 }, table.name);
        found[table.name] = await checksums(real.store, table, name);
      }
    }
    return found;
  };

  function relayTo(topic: ReturnType<typeof createMemoryLaneTopic>) {
    const relay = createRelay({
      log,
      writer: topic.writer,
      clock: () => now,
      observer: { relayed: () => undefined, failed: () => undefined },
    });
    relay.start();
    cleanups.push(() => relay.stop());
  }

  const runnerOn = (
    topic: ReturnType<typeof createMemoryLaneTopic>,
    over: Partial<LaneRunnerDeps> & { checkpoints: CheckpointStore },
  ) =>
    createLaneRunner({
      group: topic.group('projections'),
      log,
      store: real.store,
      projections,
      settings,
      clock: () => now,
      deadLetters: topic.deadLetters,
      observer,
      ...over,
    });

  it('hold the same bytes as those that were filled from the whole log, though the lanes have moved meanwhile', {
    timeout: 180_000,
  }, async () => {
    await append(0, 400);
    const topic = createMemoryLaneTopic({ lanes, compare: log.compare, partMessages: 50 });
    relayTo(topic);
    const checkpoints = await openLmdbCheckpoints({ path: join(folder, 'checkpoints') });
    cleanups.push(() => checkpoints.close());
    const first = await runnerOn(topic, { checkpoints });
    await first.start();
    let position = await append(400, 300);
    expect(await first.reached(position, 60_000)).toBe(true);
    // Its lanes go to another one in the middle of the work.
    position = await append(700, 300);
    const second = await runnerOn(topic, { checkpoints });
    await second.start();
    await first.stop();
    position = await append(1_000, 100);
    const remote = createRemoteStandings({ checkpoints, log, projections, lanes, clock: () => now });
    expect(await remote.reached(position, 60_000)).toBe(true);
    expect(await second.reached(position, 1_000)).toBe(true);
    for (const standing of [...(await second.standings()), ...(await remote.standings())]) {
      expect(standing).toMatchObject({ position, lagEvents: 0, lagMs: 0, generation: 1 });
    }
    expect((await second.lanes()).map(({ position: one, lagEvents }) => [one, lagEvents])).toEqual(
      Array(lanes).fill([position, 0]),
    );
    await second.stop();
    const byLanes = await allChecksums();

    await expect(
      createRunner({
        feed: log,
        store: real.store,
        checkpoints,
        projections,
        settings,
        clock: () => now,
        observer,
      }),
    ).rejects.toThrow('filled from a feed in lanes');

    await clear();
    const whole = await createRunner({
      feed: log,
      store: real.store,
      checkpoints: createMemoryCheckpoints(),
      projections,
      settings,
      clock: () => now,
      observer,
    });
    whole.start();
    expect(await whole.reached(position, 60_000)).toBe(true);
    await whole.stop();
    expect(byLanes).toEqual(await allChecksums());
    expect(byLanes.requests?.[0]?.rows).toBeGreaterThan(50);
  });

  it('say which position is missing when their store is away, and get there when it is back', async () => {
    await clear();
    const position = (await log.head()) ?? (await append(0, 10));
    const topic = createMemoryLaneTopic({ lanes, compare: log.compare });
    relayTo(topic);
    let isAway = true;
    const store: ReadStore = {
      ...real.store,
      async insert(batch) {
        if (isAway) throw new LogUnavailableError('unreachable', 'the store is away');
        await real.store.insert(batch);
      },
    };
    const runner = await runnerOn(topic, { checkpoints: createMemoryCheckpoints(), store });
    await runner.start();
    cleanups.push(() => runner.stop());
    expect(await runner.reached(position, 200)).toBe(false);
    await vi.waitFor(async () =>
      expect(await runner.standings()).toContainEqual(
        expect.objectContaining({ error: 'the store is away' }),
      ),
    );
    isAway = false;
    expect(await runner.reached(position, 25_000)).toBe(true);
  });

  it('refuse tables of another version, tables that hold the whole log, and another number of lanes', async () => {
    const topic = createMemoryLaneTopic({ lanes, compare: log.compare });
    const [first, ...others] = projections;
    if (first === undefined) throw new Error('no projections');
    const open = (checkpoints: CheckpointStore, of = topic, all = projections) =>
      runnerOn(of, { checkpoints, projections: all });

    const older = createMemoryCheckpoints();
    await open(older);
    await expect(open(older, topic, [{ ...first, version: 99 }, ...others])).rejects.toThrow(
      /version 99.*give another database/,
    );
    await expect(open(older, createMemoryLaneTopic({ lanes: 5, compare: log.compare }))).rejects.toThrow(
      /feed of 4 lanes, and this one has 5/,
    );
    const whole = createMemoryCheckpoints();
    const done = (await log.head()) ?? (await append(0, 1));
    await whole.save(first.name, { active: { version: first.version, number: 1, done } });
    await expect(open(whole)).rejects.toThrow('filled from the log as a whole');
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { eventTypes, isTelemetry } from '../../src/domain/events/catalogue.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { projections } from '../../src/projections/catalogue.ts';
import {
  type Checkpoint,
  CheckpointTakenError,
  type EventLog,
  type ReadStore,
} from '../../src/projections/ports.ts';
import { type RebuildProgress, rebuild, verify } from '../../src/projections/rebuild.ts';
import { createRunner } from '../../src/projections/runner.ts';
import type { ProjectionObserver } from '../../src/projections/worker.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';

const observer: ProjectionObserver = {
  inserted: () => undefined,
  failed: () => undefined,
  unprojectable: ({ reason }) => {
    throw new Error(reason);
  },
};

const settings = {
  retentionDays: { raw: undefined, minutes: undefined, hours: undefined, kept: undefined },
  maxBatchEvents: 50,
  lingerMs: 1,
  busyLingerMs: 1,
};

describe('projections', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  const clear = async () => {
    for (const database of ['chronoscope', 'chronoscope_store']) {
      await real.store.command(`DROP DATABASE IF EXISTS ${database}`);
    }
  };

  const append = async (log: EventLog, events: readonly NewEvent[]) => {
    const outcome = await log.append(
      events.map((e) => ({
        stream: `request-${e.requestId ?? e.id}`,
        events: [e],
        expected: 'any' as const,
      })),
    );
    if (outcome.kind !== 'appended') throw new Error('not appended');
    return outcome.position;
  };

  const setUp = async (store: ReadStore = real.store) => {
    await clear();
    const log = createMemoryLog({ clock: () => 1_790_000_000_000 });
    const checkpoints = createMemoryCheckpoints();
    const deps = {
      feed: log,
      store,
      checkpoints,
      settings,
      clock: () => 1_790_000_000_000,
      observer,
      projections,
    };
    return { log, checkpoints, deps };
  };

  it('every telemetry type leaves a row in its view and one in the timeline', async () => {
    const { log, deps } = await setUp();
    const runner = await createRunner(deps);
    runner.start();
    const telemetry = eventTypes.filter(isTelemetry);
    const position = await append(
      log,
      telemetry.map((type) => event(type, { requestId: 'req-1' })),
    );
    expect(await runner.reached(position, 20_000)).toBe(true);
    const views = [
      'requests',
      'errors',
      'logs',
      'spans',
      'metrics',
      'deploys',
      'jobs',
      'health',
      'rate_limits',
      'feedback',
    ];
    for (const view of views) {
      expect(await real.store.query(`SELECT count() AS n FROM chronoscope.${view}`), view).toEqual([
        { n: '1' },
      ]);
    }
    expect(
      await real.store.query("SELECT count() AS n FROM chronoscope.timeline WHERE request_id = 'req-1'"),
    ).toEqual([{ n: String(telemetry.length) }]);
    for (const view of ['latency_1m', 'latency_1h', 'error_rate_1m', 'error_rate_1h', 'kpis_1d']) {
      expect(await real.store.query(`SELECT count() AS n FROM chronoscope.${view}`), view).toEqual([
        { n: '1' },
      ]);
    }
    await runner.stop();
  });

  it('a batch that was at work when the process died is inserted once', async () => {
    const { log, deps } = await setUp();
    // The process dies after the insert and before anything else: only the checkpoint from before it is on disk.
    let inserts = 0;
    const dying: ReadStore = {
      ...real.store,
      insert: async (batch) => {
        await real.store.insert(batch);
        inserts++;
        await new Promise(() => undefined);
      },
    };
    const first = await createRunner({ ...deps, store: dying });
    const position = await append(
      log,
      Array.from({ length: 30 }, () => event('RequestCompleted')),
    );
    first.start();
    await vi.waitFor(() => expect(inserts).toBeGreaterThanOrEqual(1), { timeout: 10_000 });

    const second = await createRunner(deps);
    second.start();
    await append(
      log,
      Array.from({ length: 5 }, () => event('RequestCompleted')),
    );
    expect(await second.reached(position, 20_000)).toBe(true);
    const head = await log.head();
    if (head !== undefined) expect(await second.reached(head, 20_000)).toBe(true);
    expect(await real.store.query('SELECT count() AS n FROM chronoscope.requests')).toEqual([{ n: '35' }]);
    expect(await real.store.query('SELECT sum(count) AS n FROM chronoscope.latency_1m')).toEqual([
      { n: '35' },
    ]);
    expect(await real.store.query('SELECT count() AS n FROM chronoscope.timeline')).toEqual([{ n: '35' }]);
    await second.stop();
  });

  it('a store that fails for a while delays rows and loses none', async () => {
    const { log, deps } = await setUp();
    let failing = true;
    const flaky: ReadStore = {
      ...real.store,
      insert: async (batch) => {
        if (failing) throw new Error('the store is away');
        await real.store.insert(batch);
      },
    };
    const runner = await createRunner({ ...deps, store: flaky });
    runner.start();
    const position = await append(
      log,
      Array.from({ length: 120 }, () => event('RequestCompleted')),
    );
    expect(await runner.reached(position, 300)).toBe(false);
    const standings = await runner.standings();
    expect(standings.find((s) => s.projection === 'requests')).toMatchObject({
      lagEvents: 120,
      error: 'the store is away',
    });
    failing = false;
    expect(await runner.reached(position, 20_000)).toBe(true);
    expect(await real.store.query('SELECT count() AS n FROM chronoscope.requests')).toEqual([{ n: '120' }]);
    await runner.stop();
  });

  it('what is behind shows by how long before its first batch since the start', async () => {
    const { log, deps } = await setUp();
    const newest = await append(log, [event('RequestCompleted')]);
    let now = deps.clock();
    const later = { ...deps, clock: () => now };
    const first = await createRunner(later);
    now += 60_000;
    for (const standing of await first.standings()) {
      expect(standing).toMatchObject({ lagEvents: 1, lagMs: 60_000 });
    }
    first.start();
    expect(await first.reached(newest, 20_000)).toBe(true);
    await first.stop();

    const second = await createRunner(later);
    for (const standing of await second.standings()) {
      expect(standing).toMatchObject({ lagEvents: 0, lagMs: 0 });
    }
    await append(log, [event('RequestCompleted')]);
    now += 5_000;
    for (const standing of await second.standings()) {
      expect(standing).toMatchObject({ lagEvents: 1, lagMs: 65_000 });
    }
  });

  it('a rebuild gives the same bytes, whatever the sizes of the batches, and verify finds what was changed', {
    timeout: 120_000,
  }, async () => {
    const { log, deps } = await setUp();
    const runner = await createRunner(deps);
    runner.start();
    let position = await append(log, [event('DeployRecorded')]);
    for (let i = 0; i < 40; i++) {
      position = await append(
        log,
        Array.from({ length: 1 + ((i * 7) % 23) }, (_, j) =>
          event(j % 9 === 8 ? 'ErrorCaptured' : 'RequestCompleted', {
            requestId: `req-${i}-${j}`,
            userId: `u${j % 5}`,
            occurredAt: 1_790_000_000_000 + i * 7_000 + j,
            data:
              j % 9 === 8
                ? {}
                : { durationMs: 0.1 + (i * j * 37) / 13, status: j % 11 === 10 ? 'timeout' : 'success' },
          }),
        ),
      );
    }
    expect(await runner.reached(position, 30_000)).toBe(true);
    const progress = vi.fn();
    for (const tracked of runner.tracked) {
      const found = await verify({ runner, log, onProgress: progress }, tracked);
      expect(found.differences, tracked.projection.name).toEqual([]);
    }
    const dump = () => real.store.query('SELECT * FROM chronoscope.latency_1m ORDER BY ALL');
    const before = await dump();
    const requests = runner.tracked.find((t) => t.projection.name === 'requests');
    if (requests === undefined) throw new Error('no requests');
    await rebuild({ runner, log, onProgress: progress }, requests);
    expect(requests.checkpoint.active.number).toBe(2);
    expect(await dump()).toEqual(before);

    // The swap left a live projection behind.
    position = await append(log, [event('RequestCompleted')]);
    expect(await runner.reached(position, 20_000)).toBe(true);
    await real.store.command(
      "INSERT INTO chronoscope_store.requests_v1g2 SELECT * REPLACE ('forged' AS operation) FROM chronoscope_store.requests_v1g2 LIMIT 1",
    );
    const found = await verify({ runner, log, onProgress: progress }, requests);
    expect(found.differences.map((d) => d.table)).toContain('requests');
    await runner.stop();
  });

  it('a rebuild that another process has overtaken leaves what is there of that name', async () => {
    const { log, checkpoints, deps } = await setUp();
    let isTaken = false;
    const fenced = {
      ...checkpoints,
      save: async (name: string, checkpoint: Checkpoint) => {
        if (isTaken) throw new CheckpointTakenError(name);
        await checkpoints.save(name, checkpoint);
      },
    };
    const runner = await createRunner({ ...deps, checkpoints: fenced });
    runner.start();
    expect(await runner.reached(await append(log, [event('RequestCompleted')]), 20_000)).toBe(true);
    const [requests] = runner.tracked;
    if (requests === undefined) throw new Error('no projections');
    const onProgress = ({ phase }: RebuildProgress) => {
      if (phase === 'swapping') isTaken = true;
    };
    await expect(rebuild({ runner, log, onProgress }, requests)).rejects.toThrow(CheckpointTakenError);
    const [left] = await real.store.query<{ n: string }>(
      "SELECT count() AS n FROM system.tables WHERE database = 'chronoscope_store' AND name = 'requests_v1g2'",
    );
    expect(left?.n).toBe('1');
    await runner.stop();
  });
});

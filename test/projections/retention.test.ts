import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { soleLeases } from '../../src/adapters/memory/leases.ts';
import { projections } from '../../src/projections/catalogue.ts';
import { rebuild, verify } from '../../src/projections/rebuild.ts';
import { keepHouse } from '../../src/projections/retention.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';

const day = 86_400_000;
const today = Math.floor(Date.now() / day) * day + day / 2;
const retentionDays = { raw: 3, minutes: 90, hours: 400, kept: undefined };

describe('retention', () => {
  it('what the log has forgotten stays in the rollups, through a rebuild too', {
    timeout: 120_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chronoscope-retention-'));
    const real = await temporaryEngine();
    let now = today - 6 * day;
    const log = await openLmdbLog({ path: folder, clock: () => now });
    const runner = await createRunner({
      feed: log,
      store: real.store,
      checkpoints: createMemoryCheckpoints(),
      projections,
      clock: () => now,
      settings: { retentionDays, maxBatchEvents: 1_000, lingerMs: 1, busyLingerMs: 1 },
      observer: { inserted: () => undefined, failed: () => undefined, unprojectable: () => undefined },
    });
    runner.start();
    for (; now <= today; now += day) {
      const events = [
        ...Array.from({ length: 10 }, () => event('RequestCompleted', { occurredAt: now })),
        event('DeployRecorded', { occurredAt: now }),
      ];
      const outcome = await log.append(
        events.map((e) => ({ stream: 'service-bot', events: [e], expected: 'any' })),
      );
      if (outcome.kind === 'appended') expect(await runner.reached(outcome.position, 20_000)).toBe(true);
    }
    now = today;
    let forgotten = 0;
    await keepHouse({
      leases: soleLeases,
      log,
      retentionDays,
      clock: () => now,
      onExpired: (events) => {
        forgotten += events;
      },
      onError: (error) => {
        throw error;
      },
    });
    // Days 6, 5 and 4 back are past three whole days; their deploys are kept longer.
    expect(forgotten).toBe(30);
    const types: string[] = [];
    for await (const batch of log.read()) types.push(...batch.events.map((e) => e.type));
    expect(types.filter((type) => type === 'DeployRecorded')).toHaveLength(7);
    expect(types.filter((type) => type === 'RequestCompleted')).toHaveLength(40);

    const sums = () => real.store.query('SELECT sum(count) AS n FROM chronoscope.latency_1h');
    expect(await sums()).toEqual([{ n: '70' }]);
    for (const tracked of runner.tracked) {
      const found = await verify({ runner, log, onProgress: () => undefined }, tracked);
      expect(found.differences, tracked.projection.name).toEqual([]);
    }
    for (const tracked of runner.tracked)
      await rebuild({ runner, log, onProgress: () => undefined }, tracked);
    expect(await sums()).toEqual([{ n: '70' }]);
    expect(await real.store.query('SELECT count() AS n FROM chronoscope.deploys')).toEqual([{ n: '7' }]);
    await runner.stop();
    await log.close();
    await real.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is seen to by one process of those that share a log', async () => {
    const log = createMemoryLog({ clock: () => today - 6 * day });
    await log.append([{ stream: 'a', events: [event('LogWritten')], expected: 'any' }]);
    let forgotten = 0;
    const keep = (held: boolean) =>
      keepHouse({
        leases: { ...soleLeases, hold: async () => held },
        log,
        retentionDays,
        clock: () => today,
        onExpired: (events) => {
          forgotten += events;
        },
        onError: () => undefined,
      });
    await keep(false);
    expect(forgotten).toBe(0);
    await keep(true);
    expect(forgotten).toBe(1);
  });
});

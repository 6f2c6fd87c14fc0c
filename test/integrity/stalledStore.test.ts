import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createIngest } from '../../src/api/ingest.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import { projections } from '../../src/projections/catalogue.ts';
import type { EventLog, ReadStore } from '../../src/projections/ports.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';
import { temporaryEngine } from '../support/engine.ts';

describe('a read store that hangs', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  let log: EventLog;
  beforeAll(async () => {
    real = await temporaryEngine();
    log = await openLmdbLog({ path: `${real.folder}/log`, clock: Date.now });
  });
  afterAll(async () => {
    await log.close();
    await real.close();
  });

  it('a stalled read store does not stop ingest, and catches up', { timeout: 90_000 }, async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stalling: ReadStore = {
      ...real.store,
      insert: async (batch) => {
        await released;
        await real.store.insert(batch);
      },
    };
    const runner = await createRunner({
      feed: log,
      store: stalling,
      checkpoints: createMemoryCheckpoints(),
      projections,
      clock: Date.now,
      settings: { ...defaultProjectionSettings, maxBatchEvents: 1_000, lingerMs: 5 },
      observer: { inserted: () => undefined, failed: () => undefined, unprojectable: () => undefined },
    });
    runner.start();
    const newId = createUuidV7Factory({ now: Date.now, randomBytes });
    const ingest = createIngest({ log, redact: (event) => event, newId, clock: Date.now });
    for (let i = 0; i < 30; i++) {
      const natives = Array.from({ length: 400 }, (_, j) => ({
        type: 'request',
        operation: 'op',
        durationMs: j,
      }));
      expect(await ingest.accept(natives, { project: 'default' })).toMatchObject({ accepted: 400 });
    }
    const head = await log.head();
    if (head === undefined) throw new Error('nothing in the log');
    expect(await runner.reached(head, 100)).toBe(false);
    release();
    expect(await runner.reached(head, 60_000)).toBe(true);
    expect(await real.store.query('SELECT count() AS n FROM chronoscope.requests')).toEqual([{ n: '12000' }]);
    expect(await real.store.query('SELECT sum(count) AS n FROM chronoscope.latency_1m')).toEqual([
      { n: '12000' },
    ]);
    await runner.stop();
  });
});

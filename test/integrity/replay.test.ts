import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { projections, publicViews } from '../../src/projections/catalogue.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';

const base = Date.parse('2026-09-01T12:00:00Z');

describe('the same log', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  let log: EventLog;
  let now = base;
  beforeAll(async () => {
    real = await temporaryEngine();
    log = await openLmdbLog({ path: `${real.folder}/log`, clock: () => now });
  });
  afterAll(async () => {
    await log.close();
    await real.close();
  });

  async function projected(
    maxBatchEvents: number,
    live: () => Promise<void>,
  ): Promise<Record<string, unknown>> {
    for (const database of ['chronoscope', 'chronoscope_store']) {
      await real.store.command(`DROP DATABASE IF EXISTS ${database}`);
    }
    const runner = await createRunner({
      feed: log,
      store: real.store,
      checkpoints: createMemoryCheckpoints(),
      projections,
      clock: () => now,
      settings: {
        ...defaultProjectionSettings,
        retentionDays: { raw: undefined, minutes: undefined, hours: undefined, kept: undefined },
        maxBatchEvents,
        lingerMs: 1,
        busyLingerMs: 1,
      },
      observer: {
        inserted: () => undefined,
        failed: () => undefined,
        unprojectable: ({ reason }) => {
          throw new Error(reason);
        },
      },
    });
    runner.start();
    await live();
    const head = await log.head();
    if (head === undefined) throw new Error('nothing in the log');
    expect(await runner.reached(head, 60_000)).toBe(true);
    const dump: Record<string, unknown> = {};
    for (const view of publicViews)
      dump[view] = await real.store.query(`SELECT * FROM chronoscope.${view} ORDER BY ALL`);
    await runner.stop();
    return dump;
  }

  it('live equals replayed, to the same bytes, late events and all', { timeout: 180_000 }, async () => {
    const live = await projected(64, async () => {
      for (let i = 0; i < 60; i++) {
        now += 1_000;
        const events = Array.from({ length: 1 + ((i * 13) % 29) }, (_, j) =>
          event(
            (['RequestCompleted', 'LogWritten', 'ErrorCaptured', 'SpanCompleted'] as const)[(i + j) % 4] ??
              'LogWritten',
            {
              requestId: `req-${i}`,
              userId: `u${j % 6}`,
              // Every fifth is an hour late.
              occurredAt: now - (j % 5 === 4 ? 3_600_000 : j * 3),
              data: (i + j) % 4 === 0 ? { durationMs: ((i * 31 + j * 17) % 900) / 7 } : {},
            },
          ),
        );
        await log.append(
          events.map((e) => ({ stream: `request-${e.requestId}`, events: [e], expected: 'any' })),
        );
      }
    });
    const replayed = await projected(10_000, async () => undefined);
    expect(JSON.stringify(replayed)).toBe(JSON.stringify(live));
    expect((live.requests as unknown[]).length).toBeGreaterThan(100);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LmdbLog, openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import type { EventType } from '../../src/domain/events/catalogue.ts';
import { asPosition } from '../../src/domain/position.ts';
import { createRowCollector } from '../../src/projections/batches.ts';
import { projections } from '../../src/projections/catalogue.ts';
import type { ProjectedStretch, Projector } from '../../src/projections/projector.ts';
import { event } from '../support/events.ts';

export type OpenedProjector = Projector & { close(): Promise<void> };

const types: readonly EventType[] = ['RequestCompleted', 'ErrorCaptured', 'LogWritten', 'SpanCompleted'];
const everyName = projections.map(({ name }) => name);
const day = 86_400_000;

/** What every reader of the feed that projects promises, wherever it does its work. */
export function projectorContract(name: string, open: (log: LmdbLog) => OpenedProjector): void {
  describe(`projector: ${name}`, () => {
    let folder: string;
    let now = 1_790_000_000_000;
    let log: LmdbLog;
    let projector: OpenedProjector;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'chronoscope-projector-'));
      log = await openLmdbLog({ path: folder, clock: () => now });
      projector = open(log);
    });
    afterEach(async () => {
      await projector.close();
      await log.close();
      await rm(folder, { recursive: true, force: true });
    });

    const append = async (count: number) => {
      const events = Array.from({ length: count }, (_, i) =>
        event(types[i % types.length] ?? 'LogWritten', { requestId: `req-${i % 7}`, userId: `ü${i % 3}` }),
      );
      await log.append(
        events.map((one) => ({ stream: `request-${one.requestId}`, events: [one], expected: 'any' })),
      );
    };
    const all = async (maxEvents: number): Promise<ProjectedStretch[]> => {
      const found: ProjectedStretch[] = [];
      const until = await log.head();
      for (let after: ProjectedStretch['from']; ; after = found.at(-1)?.to) {
        const next = await projector.next({ projections: everyName, after, until, maxEvents });
        if (next === undefined) return found;
        found.push(next);
      }
    };
    const bytesOf = (stretches: readonly ProjectedStretch[], projection: string): string =>
      Buffer.concat(stretches.map(({ rows }) => rows.get(projection)?.bytes ?? Buffer.alloc(0))).toString(
        'hex',
      );

    it('gives the rows that the events of the log come to, byte for byte, however they are cut', async () => {
      for (const count of [1, 700, 1_500, 3_000]) await append(count);
      const expected = createRowCollector(projections);
      for await (const { events } of log.read()) expected.add(events);
      const { rows } = expected.finish();
      for (const maxEvents of [500, 1_024, 100_000]) {
        const stretches = await all(maxEvents);
        expect(stretches.reduce((sum, { events }) => sum + events, 0)).toBe(5_201);
        for (const projection of everyName) {
          expect(bytesOf(stretches, projection)).toBe(
            Buffer.from(rows.get(projection)?.bytes ?? []).toString('hex'),
          );
        }
      }
    });

    it('stretches follow each other without a gap, and the last one ends at the head', async () => {
      await append(2_500);
      const stretches = await all(600);
      expect(stretches.length).toBeGreaterThan(1);
      expect(stretches.map(({ from }) => from)).toEqual([
        undefined,
        ...stretches.slice(0, -1).map(({ to }) => to),
      ]);
      expect(stretches.at(-1)?.to).toBe(await log.head());
      expect(stretches.at(-1)?.lastRecordedAt).toBe(now);
    });

    it('without a maximum, a stretch between any two positions comes whole', async () => {
      await append(2_500);
      const [after, until] = [asPosition('17'), asPosition('2222')];
      const stretch = await projector.next({ projections: ['requests'], after, until });
      expect(stretch).toMatchObject({ from: after, to: until, events: 2_205 });
      expect([...(stretch?.rows.keys() ?? [])]).toEqual(['requests']);
    });

    it('what was recorded before a time leaves no rows', async () => {
      await append(8);
      now += day;
      await append(4);
      const query = { projections: ['requests'], after: undefined, until: await log.head() };
      const stretch = await projector.next({ ...query, recordedFrom: now });
      expect(stretch?.rows.get('requests')?.count).toBe(1);
    });

    it('waits at the head, is woken by an append, and ends when it is told to', async () => {
      await append(4);
      const head = await log.head();
      const woken = projector.next({ projections: everyName, after: head, maxEvents: 10 });
      await append(4);
      expect((await woken)?.from).toBe(head);
      const stop = new AbortController();
      const query = { projections: everyName, after: await log.head(), maxEvents: 10, signal: stop.signal };
      const waiting = projector.next(query);
      stop.abort();
      expect(await waiting).toBeUndefined();
    });

    it('goes on over what the log has forgotten', async () => {
      await append(1_200);
      now += 40 * day;
      await append(4);
      await log.expire({ before: now, keep: (one) => one.type === 'ErrorCaptured' });
      const stretches = await all(500);
      expect(stretches.reduce((sum, { events }) => sum + events, 0)).toBe(300 + 4);
      expect(stretches.at(-1)?.to).toBe(await log.head());
    });

    it('passes over a stretch of which nothing is left', async () => {
      await append(1_200);
      now += 40 * day;
      await log.expire({ before: now, keep: () => false });
      const head = await log.head();
      const stretch = await projector.next({ projections: everyName, after: undefined, until: head });
      expect(stretch).toMatchObject({ to: head, events: 0 });
      expect(stretch?.rows.size).toBe(0);
    });

    it('of a closed log it says so, and not that everything has been read', async () => {
      await append(4);
      const query = { projections: everyName, after: undefined, maxEvents: 10 };
      const atHead = projector.next({ ...query, after: await log.head() });
      const ended = expect(
        atHead.then(
          (stretch) => stretch?.events ?? 'closed',
          () => 'closed',
        ),
      ).resolves.toBe('closed');
      await log.close();
      await ended;
      await expect(projector.next(query)).rejects.toMatchObject({ reason: 'closed' });
    });
  });
}

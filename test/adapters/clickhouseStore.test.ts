import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChdbStore } from '../../src/adapters/chdb/readStore.ts';
import { asPosition } from '../../src/domain/position.ts';
import { createRowCollector, insertable } from '../../src/projections/batches.ts';
import { publicViews } from '../../src/projections/catalogue.ts';
import {
  createDatabases,
  createDerivations,
  createTables,
  tableName,
} from '../../src/projections/generations.ts';
import type { ReadStore } from '../../src/projections/ports.ts';
import { tablesOf } from '../../src/projections/projection.ts';
import { requests } from '../../src/projections/readModels/requests.ts';
import { rebuild, verify } from '../../src/projections/rebuild.ts';
import { repeatInsert } from '../../src/projections/recovery.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { waitForStore } from '../../src/projections/waitForStore.ts';
import { dropReadModels, storeOn, testedServers } from '../support/clickhouseServers.ts';
import { type ClickHouseStandIn, clickHouseStandIn } from '../support/clickhouseStandIn.ts';
import { event } from '../support/events.ts';
import { day, emptyHouse, firstDay } from '../support/versions.ts';

const generation = { version: 1, number: 1 };
const noRetention = { raw: undefined, minutes: undefined, hours: undefined, kept: undefined };
const [blue, green] = ['test_blue', 'test_green'] as const;

/** The second half is of another day and another service, so that it enters the tables as other parts. */
const recorded = Array.from({ length: 60 }, (_, i) => ({
  ...event('RequestCompleted', {
    service: `s${i % 3}`,
    userId: i % 3 === 0 ? `u${i}` : undefined,
    occurredAt: firstDay + i * 2_000,
  }),
  recordedAt: firstDay + (i - 45) * 1_000,
  position: asPosition(String(i + 1)),
  stream: 'test',
}));

function batchFor(store: ReadStore, from: number, to: number) {
  const collector = createRowCollector([requests]);
  collector.add(recorded.slice(from, to) as never);
  const rows = collector.finish().rows.get('requests');
  if (rows === undefined) throw new Error('no rows');
  const stretch = { from: asPosition(String(from)), to: asPosition(String(to)) };
  return insertable(store.layout, requests, generation, stretch, rows);
}

const telemetry = () => [
  ...Array.from({ length: 20 }, (_, i) =>
    event('RequestCompleted', {
      service: `s${i % 3}`,
      userId: `u${i % 4}`,
      occurredAt: firstDay + i * 9_000,
    }),
  ),
  event('ErrorCaptured', { requestId: 'r1' }),
  event('LogWritten'),
  event('SpanCompleted'),
  event('MetricRecorded'),
  event('DeployRecorded'),
  event('JobRecorded'),
  event('HealthChecked'),
  event('RateLimitObserved'),
  event('FeedbackGiven'),
];

let standIn: ClickHouseStandIn;
beforeAll(async () => {
  standIn = await clickHouseStandIn();
});
afterAll(() => standIn.close());

describe.each(testedServers)('read models on $name', (server) => {
  let store: ReadStore;
  let other: ReadStore;
  beforeEach(() => {
    store = storeOn(server, standIn, blue);
    other = storeOn(server, standIn, green);
  });
  afterEach(async () => {
    for (const one of [store, other]) {
      await dropReadModels(one);
      await one.close();
    }
  });

  const prepare = async () => {
    await createDatabases(store);
    await createTables(store, requests, generation, noRetention);
    await createDerivations(store, requests, generation);
  };
  const counts = async () => {
    const found: Record<string, string> = {};
    for (const { name } of tablesOf(requests)) {
      const count = name === 'requests' ? 'count()' : 'sum(n)';
      const table = tableName(store.layout, generation, name);
      const [row] = await store.query<{ n: string }>(`SELECT toString(${count}) AS n FROM ${table}`);
      found[name] = row?.n ?? '';
    }
    return found;
  };
  const once = { requests: '60', request_minutes: '60', request_hours: '60', user_minutes: '20' };

  it('a batch repeated with its token counts once, in the table and in every rollup', async () => {
    await prepare();
    await store.insert(batchFor(store, 0, 30));
    await store.insert(batchFor(store, 30, 60));
    expect(await counts()).toEqual(once);
    await store.insert(batchFor(store, 30, 60));
    await repeatInsert(store, requests, generation, batchFor(store, 0, 30));
    expect(await counts()).toEqual(once);
  });

  it('a batch that was cut off between the table and its rollups is completed', async () => {
    await createDatabases(store);
    await createTables(store, requests, generation, noRetention);
    await store.insert(batchFor(store, 0, 60));
    expect(await counts()).toMatchObject({ requests: '60', request_minutes: '0' });
    await createDerivations(store, requests, generation);
    await repeatInsert(store, requests, generation, batchFor(store, 0, 60));
    expect(await counts()).toEqual(once);
  });

  it.runIf(server.isStandIn)('a late insert after a time-out does not count twice', async () => {
    await prepare();
    let release = (): void => undefined;
    standIn.hold(
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    const late = store.insert(batchFor(store, 0, 60));
    await expect.poll(() => standIn.statements.at(-1)).toMatch(/^INSERT INTO/);
    standIn.hold(Promise.resolve());
    await repeatInsert(store, requests, generation, batchFor(store, 0, 60));
    expect(await counts()).toEqual(once);
    release();
    await late;
    expect(await counts()).toEqual(once);
  });

  it.runIf(server.isStandIn)(
    'a try that is still at work is ended before its batch goes in again',
    async () => {
      await prepare();
      await store.insert(batchFor(store, 0, 60));
      const id = standIn.settings.at(-1)?.query_id ?? '';
      expect(id).toMatch(/^chronoscope-insert-\w{32}$/);
      const session = standIn.openSession();
      await session.queryAsync(`SET log_comment = '${id}'`);
      const endless =
        'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_threads = 1';
      const outcome = session.queryAsync(endless).then(
        () => 'finished',
        async (error: unknown) => {
          // What has failed in a session of this engine is listed as at work until its next statement.
          await session.queryAsync('SELECT 1');
          return String(error);
        },
      );
      await expect.poll(() => standIn.isAtWork(id)).toBe(true);
      await repeatInsert(store, requests, generation, batchFor(store, 0, 60));
      expect(await outcome).toContain('QUERY_WAS_CANCELLED');
      expect(await counts()).toEqual(once);
      session.close();
    },
  );

  const startOn = async (one: ReadStore) => {
    const house = await emptyHouse(one);
    const runner = await createRunner(house.deps);
    runner.start();
    return { house, runner };
  };
  const traffic = (n: number, operation: string) =>
    Array.from({ length: n }, (_, i) =>
      event('RequestCompleted', {
        service: `s${i % 3}`,
        userId: `u${i % 5}`,
        occurredAt: firstDay + i * 1_000,
        data: { operation, status: 'success', durationMs: i },
      }),
    );

  it('two sets of read models stand side by side', async () => {
    const left = await startOn(store);
    const right = await startOn(other);
    await left.runner.reached(await left.house.append(traffic(40, 'left')), 20_000);
    await right.runner.reached(await right.house.append(traffic(25, 'right')), 20_000);
    const seen = (one: ReadStore) =>
      one.query(`SELECT any(operation) AS operation, sum(count) AS n FROM ${one.layout.database}.latency_1m`);
    expect(await seen(store)).toEqual([{ operation: 'left', n: '40' }]);
    expect(await seen(other)).toEqual([{ operation: 'right', n: '25' }]);
    for (const view of publicViews) {
      await store.query(`SELECT * FROM ${blue}.${view} LIMIT 1`);
    }
    await Promise.all([left.runner.stop(), right.runner.stop()]);
  }, 60_000);

  it('the same views in both: the same columns and the same rows as embedded', async () => {
    const embedded = await openChdbStore(standIn.embedded, { readers: 1, writers: 1 });
    const events = telemetry();
    const started = [await startOn(embedded), await startOn(store)];
    for (const { house, runner } of started) {
      expect(await runner.reached(await house.append(events), 20_000)).toBe(true);
    }
    for (const view of publicViews) {
      const [here, there] = await Promise.all(
        [embedded, store].map(async (one) => ({
          columns: await one.query(`DESCRIBE TABLE ${one.layout.database}.${view}`),
          rows: await one.query(`SELECT * FROM ${one.layout.database}.${view} ORDER BY ALL`),
        })),
      );
      expect(there, view).toEqual(here);
    }
    for (const { runner } of started) await runner.stop();
    await dropReadModels(embedded);
    await embedded.close();
  }, 60_000);

  it.runIf(server.isStandIn)('a server away at the start is waited for', async () => {
    await standIn.sleep();
    const reasons: unknown[] = [];
    const signal = new AbortController().signal;
    const waiting = waitForStore(store, {
      signal,
      onWaiting: (error) => {
        reasons.push(error);
        if (reasons.length === 2) void standIn.wake();
      },
    });
    expect(await waiting).toBe(true);
    expect(String(reasons[0])).toContain('ECONNREFUSED');
    const { house, runner } = await startOn(store);
    expect(await runner.reached(await house.append(traffic(3, 'late')), 20_000)).toBe(true);
    await runner.stop();
  });

  it('what was recorded is verified, forgotten by the log, carried over and built again', async () => {
    const { house, runner } = await startOn(store);
    await house.append(traffic(30, 'old'));
    house.setTime(firstDay + 2 * day);
    const position = await house.append(traffic(30, 'new'));
    expect(await runner.reached(position, 20_000)).toBe(true);
    const tracked = runner.tracked.find(({ projection }) => projection.name === 'requests');
    if (tracked === undefined) throw new Error('no requests');
    const deps = { runner, log: house.log, onProgress: () => undefined };
    expect((await verify(deps, tracked)).differences).toEqual([]);
    await house.log.expire({ before: firstDay + day, keep: () => false });
    await rebuild(deps, tracked);
    const sums = await store.query(
      `SELECT operation, sum(count) AS n, max(max_ms) AS slowest FROM ${blue}.latency_1h GROUP BY operation ORDER BY operation`,
    );
    expect(sums).toEqual([
      { operation: 'new', n: '30', slowest: 29 },
      { operation: 'old', n: '30', slowest: 29 },
    ]);
    const left = await store.query<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = '${blue}_store' AND name LIKE '%_v1g1%' AND name LIKE 'request%'`,
    );
    expect(left.filter(({ name }) => /^request(s|_minutes|_hours)_v/.test(name))).toEqual([]);
    await runner.stop();
  }, 60_000);
});

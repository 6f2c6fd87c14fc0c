import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint, ReadStore } from '../../src/projections/ports.ts';
import { requests } from '../../src/projections/readModels/requests.ts';
import { type RebuildDeps, rebuild, verify } from '../../src/projections/rebuild.ts';
import { createRunner, type Runner } from '../../src/projections/runner.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';
import {
  day,
  emptyHouse,
  firstDay,
  type House,
  releaseWith,
  requestsV2,
  requestTables,
  tablesV1,
  tablesV2,
} from '../support/versions.ts';

const manyRequests = (count: number, occurredAt: number) =>
  Array.from({ length: count }, (_, i) =>
    event('RequestCompleted', {
      userId: `u${i % 3}`,
      occurredAt: occurredAt + i * 1_000,
      data: {
        durationMs: 1 + i,
        status: i % 5 === 0 ? 'error' : 'success',
        errorCode: i % 5 === 0 ? 'E_FIVE' : undefined,
        stack: 'at main',
      },
    }),
  );

/** The time of `count` requests, of which a rebuild finds the first day in the old tables only. */
async function twoDays(house: House) {
  const runner = await createRunner(house.deps);
  runner.start();
  await house.append(manyRequests(40, firstDay));
  house.setTime(firstDay + 1.5 * day);
  const position = await house.append(manyRequests(30, firstDay + day));
  expect(await runner.reached(position, 20_000)).toBe(true);
  await runner.stop();
  // Some of the day stay in the log, as what is kept longer does.
  const keep = ({ position }: { position: string }) => Number(position) % 4 === 0;
  expect(await house.log.expire({ before: firstDay + day, keep })).toBe(30);
}

const trackedOf = (runner: Runner, name = 'requests') => {
  const found = runner.tracked.find(({ projection }) => projection.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

const depsOf = (runner: Runner, { log }: House, over: Partial<RebuildDeps> = {}): RebuildDeps => ({
  runner,
  log,
  onProgress: () => undefined,
  ...over,
});

describe('a raised version', { timeout: 60_000 }, () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  const rows = (query: string) => real.store.query<Record<string, unknown>>(query);
  const count = async (from: string) => Number((await rows(`SELECT count() AS n FROM ${from}`))[0]?.n);
  const rollups = () =>
    rows(
      `SELECT * FROM chronoscope.latency_1m WHERE time < toDateTime(${firstDay / 1000 + 129_600}) ORDER BY ALL`,
    );

  it('brings new tables with all that the log and the old tables know, and shows the old ones until then', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    const before = await rollups();
    const late = await house.append(manyRequests(5, firstDay + 1.6 * day));

    const seenAtTheSwap: unknown[] = [];
    const { checkpoints } = house.deps;
    const save = async (name: string, checkpoint: Checkpoint) => {
      if (checkpoint.active.number === 2 && seenAtTheSwap.length === 0) {
        seenAtTheSwap.push(await count("chronoscope.requests WHERE stack = 'at main'"));
        seenAtTheSwap.push(await count('chronoscope.kpis_1d WHERE active_users = 3'));
      }
      await checkpoints.save(name, checkpoint);
    };
    const runner = await createRunner({
      ...house.deps,
      checkpoints: { ...checkpoints, save },
      projections: releaseWith(requestsV2),
    });
    const tracked = trackedOf(runner);
    expect(runner.outdated()).toEqual([tracked]);
    runner.start();
    expect(await requestTables(real.store)).toEqual(tablesV1());
    await expect(verify(depsOf(runner, house), tracked)).rejects.toThrow('not built yet');

    await rebuild(depsOf(runner, house), tracked);
    expect(seenAtTheSwap).toEqual([70, 2]);
    expect(runner.outdated()).toEqual([]);
    expect(await requestTables(real.store)).toEqual(tablesV2());
    expect(
      await rows('SELECT tier, count() AS n FROM chronoscope.requests GROUP BY tier ORDER BY tier'),
    ).toEqual([
      { tier: '', n: '40' },
      { tier: 'new', n: '35' },
    ]);
    expect(await count("chronoscope.requests WHERE error_code = 'E_FIVE'")).toBe(15);
    expect(await rollups()).toEqual(before);
    expect(await rows('SELECT sum(count) AS n FROM chronoscope.error_rate_1h')).toEqual([{ n: '75' }]);
    expect(await count("chronoscope.timeline WHERE kind = 'request'")).toBe(75);
    expect(await runner.reached(late, 20_000)).toBe(true);

    // The swap left a live projection behind.
    expect(await runner.reached(await house.append(manyRequests(1, firstDay + day)), 20_000)).toBe(true);
    expect(await count('chronoscope.requests')).toBe(76);
    expect((await verify(depsOf(runner, house), tracked)).differences).toEqual([]);
    await runner.stop();
  });

  it('may change keys, indexes and types alone', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    const before = await rollups();
    const changed = {
      ...requests,
      version: 2,
      source: {
        ...requests.source,
        indexes: [],
        columns: requests.source.columns.map((c) =>
          c.name === 'error_code' ? ({ name: c.name, type: 'String' } as const) : c,
        ),
      },
      derived: requests.derived.map((table) =>
        table.name === 'user_minutes' ? table : { ...table, orderBy: `${table.orderBy}, recorded_day` },
      ),
    };
    const runner = await createRunner({ ...house.deps, projections: releaseWith(changed) });
    runner.start();
    const tracked = trackedOf(runner);
    await rebuild(depsOf(runner, house), tracked);
    expect(await count("chronoscope.requests WHERE error_code = 'E_FIVE'")).toBe(14);
    expect(await rollups()).toEqual(before);
    expect(await count('chronoscope.kpis_1d WHERE active_users = 3')).toBe(2);
    expect((await verify(depsOf(runner, house), tracked)).differences).toEqual([]);
    await runner.stop();
  });

  it('does not keep the engine from starting when a combined view reads what only the new version has', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    await real.store.command(
      'CREATE OR REPLACE VIEW chronoscope.requests AS SELECT id FROM chronoscope_store.requests_v1g1',
    );
    const runner = await createRunner({ ...house.deps, projections: releaseWith(requestsV2) });
    await rebuild(depsOf(runner, house), trackedOf(runner));
    expect(await count("chronoscope.timeline WHERE kind = 'request'")).toBe(70);
    await runner.stop();
  });

  it('keeps one projection’s old tables while those of another are dropped', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    const logs = house.deps.projections.find(({ name }) => name === 'logs');
    if (logs === undefined) throw new Error('no logs');
    const release = releaseWith(requestsV2, { ...logs, version: 2 });
    const runner = await createRunner({ ...house.deps, projections: release });
    await rebuild(depsOf(runner, house), trackedOf(runner, 'logs'));
    expect(await requestTables(real.store)).toEqual(tablesV1());
    expect(await count('chronoscope.kpis_1d WHERE active_users = 3')).toBe(2);
    await rebuild(depsOf(runner, house), trackedOf(runner));
    expect(await requestTables(real.store)).toEqual(tablesV2());
    await runner.stop();
  });

  it('is built by another try when the store went away in the first', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    let away = true;
    const { checkpoints } = house.deps;
    const save = async (name: string, checkpoint: Checkpoint) => {
      // Nor can it be noted then that nothing is being built any more.
      if (away && name === 'requests' && checkpoint.building === undefined)
        throw new Error('the disk is full');
      await checkpoints.save(name, checkpoint);
    };
    const store: ReadStore = {
      ...real.store,
      insert: async (batch) => {
        if (away) throw new Error('the store is away');
        await real.store.insert(batch);
      },
    };
    const runner = await createRunner({
      ...house.deps,
      store,
      checkpoints: { ...checkpoints, save },
      projections: releaseWith(requestsV2),
    });
    const tracked = trackedOf(runner);
    await expect(rebuild(depsOf(runner, house), tracked)).rejects.toThrow('the disk is full');
    expect(await requestTables(real.store)).toEqual(tablesV1());
    expect(await count("chronoscope.requests WHERE stack = 'at main'")).toBe(70);
    away = false;
    await rebuild(depsOf(runner, house), tracked);
    expect(await count('chronoscope.requests')).toBe(70);
    expect(await requestTables(real.store)).toEqual(tablesV2());
    await runner.stop();
  });

  it('is brought to the readers by another try when only that had failed', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    let away = true;
    const store: ReadStore = {
      ...real.store,
      command: async (sql) => {
        if (away && sql.includes('requests_v2g2') && sql.includes('REPLACE VIEW')) throw new Error('away');
        await real.store.command(sql);
      },
    };
    const runner = await createRunner({ ...house.deps, store, projections: releaseWith(requestsV2) });
    const tracked = trackedOf(runner);
    await expect(rebuild(depsOf(runner, house), tracked)).rejects.toThrow('away');
    expect(tracked.unfinished).toBe(true);
    expect(await count("chronoscope.requests WHERE stack = 'at main'")).toBe(70);
    away = false;
    await rebuild(depsOf(runner, house), tracked);
    expect(await count("chronoscope.requests WHERE tier = 'new'")).toBe(30);
    expect(await requestTables(real.store)).toEqual(tablesV2());
    await runner.stop();
  });

  it('is built once at a time', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    const runner = await createRunner({ ...house.deps, projections: releaseWith(requestsV2) });
    const tracked = trackedOf(runner);
    const first = rebuild(depsOf(runner, house), tracked);
    await expect(rebuild(depsOf(runner, house), tracked)).rejects.toThrow('already');
    await first;
    expect(await requestTables(real.store)).toEqual(tablesV2());
    await runner.stop();
  });

  it('is not shown when it is cancelled, and leaves nothing behind', async () => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    const runner = await createRunner({ ...house.deps, projections: releaseWith(requestsV2) });
    const tracked = trackedOf(runner);
    const cancelling = new AbortController();
    const onProgress = () => cancelling.abort(new Error('cancelled'));
    const { signal } = cancelling;
    await expect(rebuild(depsOf(runner, house, { onProgress, signal }), tracked)).rejects.toThrow(
      'cancelled',
    );
    expect(runner.outdated()).toEqual([tracked]);
    expect(tracked.checkpoint.building).toBeUndefined();
    expect(await requestTables(real.store)).toEqual(tablesV1());
    await runner.stop();
  });

  it.each([
    ['before the views show it', /REPLACE VIEW/],
    ['before the old tables are dropped', /^DROP TABLE .*_v1g1/],
    ['in the middle of dropping them', /^DROP TABLE .*request_hours_v1g1 /],
  ])('is made good by the next start when the process dies after the swap, %s', async (_, deadly) => {
    const house = await emptyHouse(real.store);
    await twoDays(house);
    const release = releaseWith(requestsV2);
    let died = (): void => undefined;
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    let swapped = false;
    const dying: ReadStore = {
      ...real.store,
      command: async (sql) => {
        if (swapped && deadly.test(sql)) {
          died();
          await new Promise(() => undefined);
        }
        await real.store.command(sql);
      },
    };
    const { checkpoints } = house.deps;
    const save = async (name: string, checkpoint: Checkpoint) => {
      await checkpoints.save(name, checkpoint);
      swapped ||= checkpoint.active.version === 2;
    };
    const dead = await createRunner({
      ...house.deps,
      store: dying,
      checkpoints: { ...checkpoints, save },
      projections: release,
    });
    void rebuild(depsOf(dead, house), trackedOf(dead));
    await death;
    await dead.stop();
    expect(await requestTables(real.store)).toEqual(expect.arrayContaining(tablesV2()));
    expect(await requestTables(real.store)).toContain('user_minutes_v1g1');

    const runner = await createRunner({ ...house.deps, projections: release });
    runner.start();
    expect(runner.outdated()).toEqual([]);
    expect(await requestTables(real.store)).toEqual(tablesV2());
    expect(await count("chronoscope.requests WHERE tier = 'new'")).toBe(30);
    expect(await runner.reached(await house.append(manyRequests(2, firstDay + day)), 20_000)).toBe(true);
    expect(await count('chronoscope.requests')).toBe(72);
    expect((await verify(depsOf(runner, house), trackedOf(runner))).differences).toEqual([]);
    await runner.stop();
  });
});

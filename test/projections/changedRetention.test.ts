import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunner } from '../../src/projections/runner.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';
import { day, emptyHouse, firstDay } from '../support/versions.ts';

const forEver = { raw: undefined, minutes: undefined, hours: undefined, kept: undefined };
const date = (time: number) => new Date(time).toISOString().slice(0, 10);

describe('a changed retention', { timeout: 60_000 }, () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  const ttlOf = async (table: string): Promise<string | undefined> => {
    const [row] = await real.store.query<{ create: string }>(
      `SELECT create_table_query AS create FROM system.tables WHERE name = '${table}'`,
    );
    return /TTL recorded_day \+ toIntervalDay\((\d+)\)/.exec(row?.create ?? '')?.[1];
  };
  /** When each of the parts goes, as it says itself. */
  const leavingDays = async (table: string): Promise<string[]> => {
    const rows = await real.store.query<{ leaves: string }>(
      `SELECT toString(toDate(delete_ttl_info_max)) AS leaves FROM system.parts
WHERE active AND rows > 0 AND table = '${table}' ORDER BY leaves`,
    );
    return rows.map(({ leaves }) => leaves);
  };

  it('holds for the tables that are there and for the rows in them', async () => {
    const house = await emptyHouse(real.store);
    // Far ahead, so that no row is past its time while the test looks at it.
    const today = firstDay + 3_650 * day;
    house.setTime(today);
    const start = async (raw: number | undefined) => {
      const settings = { ...house.deps.settings, retentionDays: { ...forEver, raw, minutes: 90 } };
      const runner = await createRunner({ ...house.deps, settings });
      runner.start();
      const position = await house.append([event('RequestCompleted', { userId: 'u1' })]);
      expect(await runner.reached(position, 20_000)).toBe(true);
      await runner.stop();
    };
    const follows = async (raw: number) => {
      expect(await ttlOf('requests_v1g1')).toBe(String(raw));
      await expect
        .poll(async () => [...new Set(await leavingDays('requests_v1g1'))], { timeout: 20_000 })
        .toEqual([date(today + raw * day)]);
    };

    await start(3);
    await follows(3);
    await start(30);
    await follows(30);
    await start(7);
    await follows(7);
    await start(undefined);
    expect(await ttlOf('requests_v1g1')).toBeUndefined();
    await start(5);
    await follows(5);
    expect(await ttlOf('request_minutes_v1g1')).toBe('90');
    expect(await ttlOf('request_hours_v1g1')).toBeUndefined();
    expect(await real.store.query('SELECT count() AS n FROM chronoscope.requests')).toEqual([{ n: '5' }]);
  });
});

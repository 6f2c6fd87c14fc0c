import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asPosition } from '../../src/domain/position.ts';
import { embeddedLayout } from '../../src/domain/storeLayout.ts';
import { createRowCollector, insertable } from '../../src/projections/batches.ts';
import {
  createDatabases,
  createDerivations,
  createTables,
  dropGeneration,
  tableName,
} from '../../src/projections/generations.ts';
import { tablesOf } from '../../src/projections/projection.ts';
import { requests } from '../../src/projections/readModels/requests.ts';
import { repeatInsert } from '../../src/projections/recovery.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';

const generation = { version: 1, number: 1 };
const noRetention = { raw: undefined, minutes: undefined, hours: undefined, kept: undefined };
const day = 86_400_000;

/** Two batches; the second crosses midnight, so that it enters each table as two parts. */
const midnight = Math.floor(1_790_000_000_000 / day) * day;
const recorded = Array.from({ length: 60 }, (_, i) => ({
  ...event('RequestCompleted', {
    userId: i % 3 === 0 ? `u${i}` : undefined,
    occurredAt: midnight + i * 2_000,
  }),
  recordedAt: midnight + (i - 45) * 1_000,
  position: asPosition(String(i + 1)),
  stream: 'test',
}));
const batchOf = (from: number, to: number) => {
  const collector = createRowCollector([requests]);
  collector.add(recorded.slice(from, to) as never);
  const rows = collector.finish().rows.get('requests');
  if (rows === undefined) throw new Error('no rows');
  return insertable(
    embeddedLayout,
    requests,
    generation,
    { from: asPosition(String(from)), to: asPosition(String(to)) },
    rows,
  );
};

describe('a batch that was cut off', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  const sums = async () => {
    const found: Record<string, string> = {};
    for (const { name } of tablesOf(requests)) {
      const count = name === 'requests' ? 'count()' : 'sum(n)';
      const [row] = await real.store.query<{ n: string }>(
        `SELECT toString(${count}) AS n FROM ${tableName(embeddedLayout, generation, name)}`,
      );
      found[name] = row?.n ?? '';
    }
    return found;
  };

  const names = ['requests', 'request_minutes', 'request_hours', 'user_minutes'];
  const subsets = [
    [],
    ['requests'],
    ['request_minutes'],
    ['requests', 'request_hours'],
    ['request_minutes', 'request_hours', 'user_minutes'],
    names,
  ];

  it.each(subsets.map((held) => [held.join(' and ') || 'nothing', held] as const))(
    'is completed where %s held its rows already',
    async (_, held) => {
      await createDatabases(real.store);
      await createTables(real.store, requests, generation, noRetention);
      await createDerivations(real.store, requests, generation);
      await real.store.insert(batchOf(0, 30));
      await real.store.insert(batchOf(30, 60));
      const whole = await sums();
      // Takes the second batch out of the tables that the death came before.
      for (const name of names.filter((name) => !held.includes(name))) {
        const table = tableName(embeddedLayout, generation, name);
        await real.store.command(`TRUNCATE TABLE ${table}`);
      }
      if (held.length < names.length) await refill(names.filter((name) => !held.includes(name)));
      await repeatInsert(real.store, requests, generation, batchOf(30, 60));
      expect(await sums()).toEqual(whole);
      await repeatInsert(real.store, requests, generation, batchOf(30, 60));
      expect(await sums(), 'a second repetition changes nothing').toEqual(whole);
      await dropGeneration(real.store, requests, generation);
    },
    60_000,
  );

  /** Puts the first batch back into tables that were emptied, and into no other. */
  async function refill(emptied: readonly string[]): Promise<void> {
    const other = { version: 1, number: 2 };
    await createTables(real.store, requests, other, noRetention);
    await createDerivations(real.store, requests, other);
    const first = batchOf(0, 30);
    await real.store.insert({ ...first, table: tableName(embeddedLayout, other, 'requests'), token: '' });
    for (const name of emptied) {
      for (const partition of await partitionsOf(tableName(embeddedLayout, other, name))) {
        await real.store.command(
          `ALTER TABLE ${tableName(embeddedLayout, generation, name)} ATTACH PARTITION '${partition}' FROM ${tableName(embeddedLayout, other, name)}`,
        );
      }
    }
    await dropGeneration(real.store, requests, other);
  }

  async function partitionsOf(table: string): Promise<string[]> {
    const rows = await real.store.query<{ day: string }>(
      `SELECT DISTINCT toString(recorded_day) AS day FROM ${table}`,
    );
    return rows.map((row) => row.day);
  }
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverLayout } from '../../src/domain/storeLayout.ts';
import { projections } from '../../src/projections/catalogue.ts';
import { showCombinedViews } from '../../src/projections/combinedViews.ts';
import {
  applyRetention,
  carryDay,
  createDatabases,
  createDerivations,
  createTables,
  dropGeneration,
  dropStrays,
  showGeneration,
  tableName,
} from '../../src/projections/generations.ts';
import type { ReadStore } from '../../src/projections/ports.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { requests } from '../../src/projections/readModels/requests.ts';
import { temporaryEngine } from '../support/engine.ts';

const days = { raw: 30, minutes: 90, hours: 400, kept: undefined };
const generation = { version: 1, number: 1 };
const fresh = { version: 1, number: 2 };
const layout = serverLayout({ database: 'seen', cluster: 'main', definer: 'engine' });

/** Notes what a cluster would be told, and answers what a table looks like with what it was made with. */
function recordingStore() {
  const statements: string[] = [];
  const store: ReadStore = {
    layout,
    async command(sql) {
      statements.push(sql);
    },
    async query<T>(sql: string) {
      const table = /= '(seen_store\.\w+)'$/.exec(sql)?.[1];
      const create = statements.find((one) => one.startsWith(`CREATE TABLE IF NOT EXISTS ${table} `));
      if (create !== undefined) return [{ create: create.replaceAll('\n', ' ') }] as T[];
      if (sql.startsWith('SELECT name FROM system.tables')) return strays as T[];
      return [];
    },
    insert: () => Promise.reject(new Error('nothing is inserted')),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { store, statements };
}

const strays = ['requests_v1g9_local', 'requests_v1g9', 'requests_v1g1_local', 'somebody_elses'].map(
  (name) => ({
    name,
  }),
);

async function lifeOf(projection: Projection) {
  const { store, statements } = recordingStore();
  await createTables(store, projection, generation, days);
  await createDerivations(store, projection, generation);
  await showGeneration(store, projection, generation);
  await applyRetention(store, projection, generation, { raw: 7, minutes: undefined, hours: 7, kept: 7 });
  await dropGeneration(store, projection, generation);
  return statements;
}

describe('what a cluster is told', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  it('is understood by the engine, and meant for every node of it', async () => {
    const { store, statements } = recordingStore();
    await createDatabases(store);
    await showCombinedViews(store);
    const all = [...statements, ...(await Promise.all(projections.map(lifeOf))).flat()];
    expect(all.length).toBeGreaterThan(100);
    for (const statement of all) {
      expect(statement).toContain(" ON CLUSTER 'main'");
      await real.store.query(`EXPLAIN AST ${statement}`);
    }
  }, 60_000);

  it('makes tables with replicas, tables that spread over the shards, and rollups where the rows are', async () => {
    const statements = await lifeOf(requests);
    const without = (text: string) => text.replace(/\(\n {2}recorded_day[\s\S]*?\n\) ENGINE/, '(…) ENGINE');
    const of = (start: string) => statements.filter((one) => one.startsWith(start)).map(without);
    expect(of('CREATE TABLE IF NOT EXISTS seen_store.user_minutes')).toMatchInlineSnapshot(`
      [
        "CREATE TABLE IF NOT EXISTS seen_store.user_minutes_v1g1_local ON CLUSTER 'main' (…) ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/seen_store/user_minutes_v1g1', '{replica}')
      PARTITION BY recorded_day
      ORDER BY (project, minute, user_key)
      TTL recorded_day + INTERVAL 90 DAY DELETE
      SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 50000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1, merge_selector_base = 10, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 10",
        "CREATE TABLE IF NOT EXISTS seen_store.user_minutes_v1g1 ON CLUSTER 'main' AS seen_store.user_minutes_v1g1_local
      ENGINE = Distributed('main', 'seen_store', 'user_minutes_v1g1_local', cityHash64(project))",
      ]
    `);
    expect(of('CREATE TABLE IF NOT EXISTS seen_store.requests_v1g1 ')).toMatchInlineSnapshot(`
      [
        "CREATE TABLE IF NOT EXISTS seen_store.requests_v1g1 ON CLUSTER 'main' AS seen_store.requests_v1g1_local
      ENGINE = Distributed('main', 'seen_store', 'requests_v1g1_local', cityHash64(project, service))",
      ]
    `);
    expect(of('CREATE MATERIALIZED VIEW').at(-1)).toMatchInlineSnapshot(`
      "CREATE MATERIALIZED VIEW IF NOT EXISTS seen_store.user_minutes_v1g1_fill UUID '0b6dbb1a-2a71-d5f0-8edf-9d5d377e9bca' ON CLUSTER 'main' TO seen_store.user_minutes_v1g1_local AS SELECT recorded_day, project, toStartOfMinute(time) AS minute, sipHash64(user_id) AS user_key,
        count() AS n, max(position) AS last_position
      FROM seen_store.requests_v1g1_local WHERE user_id != '' GROUP BY recorded_day, project, minute, user_key"
    `);
    expect(of('CREATE OR REPLACE VIEW').at(3)).toMatchInlineSnapshot(`
      "CREATE OR REPLACE VIEW seen.error_rate_1m ON CLUSTER 'main' DEFINER = 'engine' SQL SECURITY DEFINER AS SELECT minute AS time, project, service, operation,
        sum(n) AS count, sum(failed) AS error_count, error_count / count AS error_rate,
        sum(timed_out) AS timeout_count, sum(rate_limited) AS rate_limited_count
      FROM seen_store.request_minutes_v1g1 GROUP BY project, service, operation, minute"
    `);
    expect(of('ALTER')).toMatchInlineSnapshot(`
      [
        "ALTER TABLE seen_store.requests_v1g1_local ON CLUSTER 'main' MODIFY SETTING materialize_ttl_recalculate_only = 1",
        "ALTER TABLE seen_store.requests_v1g1_local ON CLUSTER 'main' MODIFY TTL recorded_day + toIntervalDay(7) DELETE SETTINGS materialize_ttl_after_modify = 1",
        "ALTER TABLE seen_store.request_hours_v1g1_local ON CLUSTER 'main' MODIFY SETTING materialize_ttl_recalculate_only = 1",
        "ALTER TABLE seen_store.request_hours_v1g1_local ON CLUSTER 'main' MODIFY TTL recorded_day + toIntervalDay(7) DELETE SETTINGS materialize_ttl_after_modify = 1",
      ]
    `);
    expect(of('DROP')).toMatchInlineSnapshot(`
      [
        "DROP VIEW IF EXISTS seen_store.request_minutes_v1g1_fill ON CLUSTER 'main' SYNC",
        "DROP VIEW IF EXISTS seen_store.request_hours_v1g1_fill ON CLUSTER 'main' SYNC",
        "DROP VIEW IF EXISTS seen_store.user_minutes_v1g1_fill ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.requests_v1g1 ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.requests_v1g1_local ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.request_minutes_v1g1 ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.request_minutes_v1g1_local ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.request_hours_v1g1 ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.request_hours_v1g1_local ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.user_minutes_v1g1 ON CLUSTER 'main' SYNC",
        "DROP TABLE IF EXISTS seen_store.user_minutes_v1g1_local ON CLUSTER 'main' SYNC",
      ]
    `);
  });

  it('takes a day over as it is where the tables are alike, each shard its own', async () => {
    const { store, statements } = recordingStore();
    await createTables(store, requests, generation, days);
    await createTables(store, requests, fresh, days);
    await carryDay(
      store,
      tableName(layout, fresh, 'requests'),
      tableName(layout, generation, 'requests'),
      '2026-01-01',
    );
    expect(statements.at(-1)).toBe(
      "ALTER TABLE seen_store.requests_v1g2_local ON CLUSTER 'main' ATTACH PARTITION '2026-01-01' FROM seen_store.requests_v1g1_local",
    );
  });

  it('drops what no checkpoint speaks of, in both its parts, and nothing of anyone else', async () => {
    const { store, statements } = recordingStore();
    await dropStrays(store, [{ projection: requests, checkpoint: { active: generation } }]);
    expect(statements).toEqual([
      "DROP TABLE IF EXISTS seen_store.requests_v1g9_local ON CLUSTER 'main' SYNC",
      "DROP TABLE IF EXISTS seen_store.requests_v1g9 ON CLUSTER 'main' SYNC",
    ]);
  });

  it('gives a view the same id on every node, and views of other tables other ids', async () => {
    const ids = (await lifeOf(requests)).flatMap((one) => /UUID '([\w-]+)'/.exec(one)?.[1] ?? []);
    const again = (await lifeOf(requests)).flatMap((one) => /UUID '([\w-]+)'/.exec(one)?.[1] ?? []);
    expect(again).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
  });
});

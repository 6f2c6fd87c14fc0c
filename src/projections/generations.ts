import { createHash } from 'node:crypto';
import type { StoreLayout } from '../domain/storeLayout.ts';
import { uuidFromBytes } from '../domain/uuid.ts';
import type { Checkpoint, Generation, ReadStore } from './ports.ts';
import { type Projection, tablesOf } from './projection.ts';
import type { ProjectionSettings } from './settings.ts';
import { literal, onCluster, sql } from './sql.ts';
import {
  createTableSql,
  derivationSql,
  distributedSql,
  publicViewSql,
  type TableNamer,
  type TablePlace,
  type ViewPlace,
} from './table.ts';

/**
 * Tables live in an inner database under names that carry version and generation; readers see views of fixed names in
 * the public one. A rebuild fills tables of the next generation, and pointing the views at them is the swap.
 */
const ending = ({ version, number }: Generation): string => `_v${version}g${number}`;

/** What readers read and inserts go to. */
export const tableName = (layout: StoreLayout, generation: Generation, table: string): string =>
  `${layout.storeDatabase}.${table}${ending(generation)}`;

/** What holds the rows of one machine: on a cluster, the table behind the one that spreads over it. */
const heldName = (layout: StoreLayout, generation: Generation, table: string): string =>
  tableName(layout, generation, table) + (layout.cluster === undefined ? '' : '_local');

const placeOf = (layout: StoreLayout, generation: Generation, table: string): TablePlace => ({
  layout,
  name: tableName(layout, generation, table),
  held: heldName(layout, generation, table),
});

function derivationPlace(layout: StoreLayout, generation: Generation, to: string): ViewPlace {
  const name = `${tableName(layout, generation, to)}_fill`;
  // The tokens of what a view derives speak of the view's id: a batch may be repeated on another replica.
  return { layout, name, ...(layout.cluster !== undefined && { uuid: idOf(name) }) };
}

const idOf = (name: string): string =>
  uuidFromBytes(createHash('sha256').update(name).digest().subarray(0, 16));

export async function createDatabases(store: ReadStore): Promise<void> {
  const { layout } = store;
  for (const database of [layout.storeDatabase, layout.database]) {
    await store.command(`CREATE DATABASE IF NOT EXISTS ${database}${onCluster(layout)}`);
  }
}

export async function createTables(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
  retentionDays: ProjectionSettings['retentionDays'],
): Promise<void> {
  const { layout } = store;
  for (const table of tablesOf(projection)) {
    const place = placeOf(layout, generation, table.name);
    await store.command(createTableSql(table, place, retentionDays[table.retention]));
    if (layout.cluster !== undefined) await store.command(distributedSql(table, place, layout.cluster));
  }
}

/**
 * Tables that were made under another retention follow the present one; what is past it goes with the next merges.
 * Each part notes when it may go: without the new reckoning, a longer retention would still lose rows at the old time.
 */
export async function applyRetention(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
  retentionDays: ProjectionSettings['retentionDays'],
): Promise<void> {
  const { layout } = store;
  for (const table of tablesOf(projection)) {
    const name = heldName(layout, generation, table.name);
    const altered = `${name}${onCluster(layout)}`;
    const days = retentionDays[table.retention];
    const wanted = days === undefined ? undefined : `recorded_day + toIntervalDay(${days})`;
    const definition = await definitionOf(store, name);
    const found = /TTL (recorded_day \+ toIntervalDay\(\d+\))/.exec(definition)?.[1];
    if (found === wanted) continue;
    if (wanted === undefined) {
      await store.command(`ALTER TABLE ${altered} REMOVE TTL`);
      continue;
    }
    // No rows are written anew for it.
    await store.command(`ALTER TABLE ${altered} MODIFY SETTING materialize_ttl_recalculate_only = 1`);
    await store.command(
      `ALTER TABLE ${altered} MODIFY TTL ${wanted} DELETE SETTINGS materialize_ttl_after_modify = 1`,
    );
  }
}

async function definitionOf(store: ReadStore, fullName: string): Promise<string> {
  const [found] = await store.query<{ create: string }>(
    sql`SELECT create_table_query AS create FROM system.tables WHERE concat(database, '.', name) = ${fullName}`,
  );
  return found?.create ?? '';
}

/** Sees to it that a generation's tables are there, that they keep what is wished, and that the views show them. */
export async function openGeneration(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
  retentionDays: ProjectionSettings['retentionDays'],
): Promise<void> {
  await createTables(store, projection, generation, retentionDays);
  await applyRetention(store, projection, generation, retentionDays);
  await createDerivations(store, projection, generation);
  await showGeneration(store, projection, generation);
}

/** After anything that was carried over, which has been derived from once already. */
export async function createDerivations(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  const { layout } = store;
  const held: TableNamer = (table) => heldName(layout, generation, table);
  for (const derivation of projection.derivations) {
    await store.command(derivationSql(derivation, derivationPlace(layout, generation, derivation.to), held));
  }
}

/** Points the public views at a generation. */
export async function showGeneration(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  const { layout } = store;
  const nameOf: TableNamer = (table) => tableName(layout, generation, table);
  for (const view of projection.views) {
    await store.command(publicViewSql(layout, view, nameOf));
  }
}

export async function dropDerivations(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  const { layout } = store;
  for (const derivation of projection.derivations) {
    const { name } = derivationPlace(layout, generation, derivation.to);
    await store.command(`DROP VIEW IF EXISTS ${name}${onCluster(layout)} SYNC`);
  }
}

export async function dropGeneration(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  await dropDerivations(store, projection, generation);
  const { layout } = store;
  for (const table of tablesOf(projection)) {
    const { name, held } = placeOf(layout, generation, table.name);
    for (const one of new Set([name, held])) {
      await store.command(`DROP TABLE IF EXISTS ${one}${onCluster(layout)} SYNC`);
    }
  }
}

interface Spoken {
  projection: Projection;
  checkpoint: Checkpoint;
}

/** Removes tables that no checkpoint speaks of: what a rebuild left behind when the process died in it. */
export const dropStrays = (store: ReadStore, all: readonly Spoken[]): Promise<void> =>
  dropUnspoken(store, all, /_v\d+g\d+(_fill|_local|_repeat)?$/);

/** The same while projections run, and may be at a repetition: what a swap has left of the generation before. */
export const dropFormer = (store: ReadStore, all: readonly Spoken[]): Promise<void> =>
  dropUnspoken(store, all, /_v\d+g\d+(_fill|_local)?$/);

async function dropUnspoken(store: ReadStore, all: readonly Spoken[], ours: RegExp): Promise<void> {
  const { layout } = store;
  const { storeDatabase } = layout;
  const present = await store.query<{ name: string }>(
    sql`SELECT name FROM system.tables WHERE database = ${storeDatabase} ORDER BY engine = 'MaterializedView' DESC`,
  );
  // Only now: a rebuild speaks of its tables before it makes them.
  const isSpokenOf = spokenOf(layout, all);
  for (const { name } of present) {
    if (ours.test(name) && !isSpokenOf(name))
      await store.command(`DROP TABLE IF EXISTS ${storeDatabase}.${name}${onCluster(layout)} SYNC`);
  }
}

/** Which tables an older version had, only their names still tell: no projection of today need have them. */
function spokenOf(layout: StoreLayout, all: readonly Spoken[]): (name: string) => boolean {
  const known = new Set<string>();
  const current = new Set<string>();
  const outdated = new Set<string>();
  for (const { projection, checkpoint } of all) {
    const { active, building } = checkpoint;
    const isOutdated = active.version !== projection.version;
    if (isOutdated) outdated.add(ending(active));
    for (const { name } of tablesOf(projection)) {
      if (!isOutdated) current.add(name);
      known.add(tableName(layout, active, name));
      if (building !== undefined) known.add(tableName(layout, building, name));
    }
  }
  return (name) => {
    const [, table = '', end = ''] = /^(.*)(_v\d+g\d+)/.exec(name) ?? [];
    if (known.has(`${layout.storeDatabase}.${table}${end}`)) return !name.endsWith('_repeat');
    return outdated.has(end) && !current.has(table);
  };
}

/** Days (as ClickHouse writes them) of which a table holds rows. */
export async function recordedDays(store: ReadStore, fullName: string): Promise<string[]> {
  // Parts are known to each node alone; days are not many, and their column is next to nothing to read.
  if (store.layout.cluster !== undefined) {
    const days = await store.query<{ day: string }>(
      `SELECT DISTINCT toString(recorded_day) AS day FROM ${fullName} ORDER BY day`,
    );
    return days.map(({ day }) => day);
  }
  const [database, table] = fullName.split('.');
  const rows = await store.query<{ partition: string }>(
    sql`SELECT DISTINCT partition FROM system.parts
WHERE active AND database = ${database ?? ''} AND table = ${table ?? ''} ORDER BY partition`,
  );
  return rows.map((row) => row.partition);
}

/**
 * Takes one day over from another generation: its parts as they are where the tables are alike, and the columns that
 * both have where a new version has changed them. A changed type is converted, or the statement fails.
 */
export async function carryDay(store: ReadStore, to: string, from: string, day: string): Promise<void> {
  const { layout } = store;
  const held = (name: string) => (layout.cluster === undefined ? name : `${name}_local`);
  if ((await shapeOf(store, held(from))) === (await shapeOf(store, held(to)))) {
    // Each shard takes over what it holds.
    await store.command(
      `ALTER TABLE ${held(to)}${onCluster(layout)} ATTACH PARTITION ${literal(day)} FROM ${held(from)}`,
    );
    return;
  }
  const present = await columnsOf(store, from);
  const names = (await columnsOf(store, to)).filter((name) => present.includes(name)).join(', ');
  await store.command(
    `INSERT INTO ${to} (${names}) SELECT ${names} FROM ${from} WHERE recorded_day = ${literal(day)}
SETTINGS insert_deduplicate = 0`,
  );
}

/** Columns, indexes, keys and retention, which each part has noted; parts fit where all of them are the same. */
const shapeOf = async (store: ReadStore, fullName: string): Promise<string> =>
  (await definitionOf(store, fullName))
    .replace(/^.*? \(/, '(')
    // Where its replicas find each other is each table's own.
    .replace(/(ENGINE = Replicated\w+)\('[^']*', '[^']*'\)/, '$1')
    .replace(/ SETTINGS .*$/, '');

async function columnsOf(store: ReadStore, fullName: string): Promise<string[]> {
  const rows = await store.query<{ name: string }>(`DESCRIBE TABLE ${fullName}`);
  return rows.map(({ name }) => name);
}

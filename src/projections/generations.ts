import type { Checkpoint, Generation, ReadStore } from './ports.ts';
import { type Projection, tablesOf } from './projection.ts';
import type { ProjectionSettings } from './settings.ts';
import { literal, sql } from './sql.ts';
import { createTableSql, derivationSql, publicViewSql } from './table.ts';

/**
 * Tables live in an inner database under names that carry version and generation; readers see views of fixed names in
 * the public one. A rebuild fills tables of the next generation, and pointing the views at them is the swap.
 */
export const storeDatabase = 'chronoscope_store';
export const publicDatabase = 'chronoscope';

const ending = ({ version, number }: Generation): string => `_v${version}g${number}`;

export const tableName = (generation: Generation, table: string): string =>
  `${storeDatabase}.${table}${ending(generation)}`;

const derivationName = (generation: Generation, to: string): string => `${tableName(generation, to)}_fill`;

export async function createDatabases(store: ReadStore): Promise<void> {
  await store.command(`CREATE DATABASE IF NOT EXISTS ${storeDatabase}`);
  await store.command(`CREATE DATABASE IF NOT EXISTS ${publicDatabase}`);
}

export async function createTables(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
  retentionDays: ProjectionSettings['retentionDays'],
): Promise<void> {
  const nameOf = (table: string) => tableName(generation, table);
  for (const table of tablesOf(projection)) {
    await store.command(createTableSql(table, nameOf(table.name), retentionDays[table.retention]));
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
  for (const table of tablesOf(projection)) {
    const name = tableName(generation, table.name);
    const days = retentionDays[table.retention];
    const wanted = days === undefined ? undefined : `recorded_day + toIntervalDay(${days})`;
    const definition = await definitionOf(store, name);
    const found = /TTL (recorded_day \+ toIntervalDay\(\d+\))/.exec(definition)?.[1];
    if (found === wanted) continue;
    if (wanted === undefined) {
      await store.command(`ALTER TABLE ${name} REMOVE TTL`);
      continue;
    }
    // No rows are written anew for it.
    await store.command(`ALTER TABLE ${name} MODIFY SETTING materialize_ttl_recalculate_only = 1`);
    await store.command(
      `ALTER TABLE ${name} MODIFY TTL ${wanted} DELETE SETTINGS materialize_ttl_after_modify = 1`,
    );
  }
}

async function definitionOf(store: ReadStore, fullName: string): Promise<string> {
  const [found] = await store.query<{ create: string }>(
    sql`SELECT create_table_query AS create FROM system.tables WHERE concat(database, '.', name) = ${fullName}`,
  );
  return found?.create ?? '';
}

/** After anything that was carried over, which has been derived from once already. */
export async function createDerivations(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  const nameOf = (table: string) => tableName(generation, table);
  for (const derivation of projection.derivations) {
    await store.command(derivationSql(derivation, derivationName(generation, derivation.to), nameOf));
  }
}

/** Points the public views at a generation. */
export async function showGeneration(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  const nameOf = (table: string) => tableName(generation, table);
  for (const view of projection.views) {
    await store.command(publicViewSql(view, `${publicDatabase}.${view.name}`, nameOf));
  }
}

export async function dropDerivations(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  for (const derivation of projection.derivations) {
    await store.command(`DROP VIEW IF EXISTS ${derivationName(generation, derivation.to)} SYNC`);
  }
}

export async function dropGeneration(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
): Promise<void> {
  await dropDerivations(store, projection, generation);
  for (const table of tablesOf(projection)) {
    await store.command(`DROP TABLE IF EXISTS ${tableName(generation, table.name)} SYNC`);
  }
}

interface Spoken {
  projection: Projection;
  checkpoint: Checkpoint;
}

/** Removes tables that no checkpoint speaks of: what a rebuild left behind when the process died in it. */
export const dropStrays = (store: ReadStore, all: readonly Spoken[]): Promise<void> =>
  dropUnspoken(store, all, /_v\d+g\d+(_fill|_repeat)?$/);

/** The same while projections run, and may be at a repetition: what a swap has left of the generation before. */
export const dropFormer = (store: ReadStore, all: readonly Spoken[]): Promise<void> =>
  dropUnspoken(store, all, /_v\d+g\d+(_fill)?$/);

async function dropUnspoken(store: ReadStore, all: readonly Spoken[], ours: RegExp): Promise<void> {
  const present = await store.query<{ name: string }>(
    sql`SELECT name FROM system.tables WHERE database = ${storeDatabase} ORDER BY engine = 'MaterializedView' DESC`,
  );
  // Only now: a rebuild speaks of its tables before it makes them.
  const isSpokenOf = spokenOf(all);
  for (const { name } of present) {
    if (ours.test(name) && !isSpokenOf(name))
      await store.command(`DROP TABLE IF EXISTS ${storeDatabase}.${name} SYNC`);
  }
}

/** Which tables an older version had, only their names still tell: no projection of today need have them. */
function spokenOf(all: readonly Spoken[]): (name: string) => boolean {
  const known = new Set<string>();
  const current = new Set<string>();
  const outdated = new Set<string>();
  for (const { projection, checkpoint } of all) {
    const { active, building } = checkpoint;
    const isOutdated = active.version !== projection.version;
    if (isOutdated) outdated.add(ending(active));
    for (const { name } of tablesOf(projection)) {
      if (!isOutdated) current.add(name);
      known.add(tableName(active, name));
      if (building !== undefined) known.add(tableName(building, name));
    }
  }
  return (name) => {
    const [, table = '', end = ''] = /^(.*)(_v\d+g\d+)/.exec(name) ?? [];
    if (known.has(`${storeDatabase}.${table}${end}`)) return !name.endsWith('_repeat');
    return outdated.has(end) && !current.has(table);
  };
}

/** Days (as ClickHouse writes them) of which a table holds rows. */
export async function recordedDays(store: ReadStore, fullName: string): Promise<string[]> {
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
  if ((await shapeOf(store, from)) === (await shapeOf(store, to))) {
    await store.command(`ALTER TABLE ${to} ATTACH PARTITION ${literal(day)} FROM ${from}`);
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
  (await definitionOf(store, fullName)).replace(/^.*? \(/, '(').replace(/ SETTINGS .*$/, '');

async function columnsOf(store: ReadStore, fullName: string): Promise<string[]> {
  const rows = await store.query<{ name: string }>(`DESCRIBE TABLE ${fullName}`);
  return rows.map(({ name }) => name);
}

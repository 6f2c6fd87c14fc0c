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

export const tableName = (generation: Generation, table: string): string =>
  `${storeDatabase}.${table}_v${generation.version}g${generation.number}`;

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

/** Tables that were made under another retention follow the present one; what is past it goes with the next merges. */
export async function applyRetention(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
  retentionDays: ProjectionSettings['retentionDays'],
): Promise<void> {
  for (const table of tablesOf(projection)) {
    const name = tableName(generation, table.name);
    const [present] = await store.query<{ create: string }>(
      sql`SELECT create_table_query AS create FROM system.tables
WHERE concat(database, '.', name) = ${name}`,
    );
    const days = retentionDays[table.retention];
    const wanted = days === undefined ? undefined : `recorded_day + toIntervalDay(${days})`;
    const found = /TTL (recorded_day \+ toIntervalDay\(\d+\))/.exec(present?.create ?? '')?.[1];
    if (found === wanted) continue;
    await store.command(
      wanted === undefined
        ? `ALTER TABLE ${name} REMOVE TTL`
        : `ALTER TABLE ${name} MODIFY TTL ${wanted} DELETE SETTINGS materialize_ttl_after_modify = 0`,
    );
  }
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

/** Removes tables that no checkpoint speaks of: what a rebuild left behind when the process died in it. */
export async function dropStrays(
  store: ReadStore,
  all: readonly { projection: Projection; checkpoint: Checkpoint }[],
): Promise<void> {
  const known = new Set<string>();
  for (const { projection, checkpoint } of all) {
    for (const generation of [checkpoint.active, checkpoint.building]) {
      if (generation === undefined) continue;
      for (const table of tablesOf(projection)) known.add(tableName(generation, table.name));
      for (const d of projection.derivations) known.add(derivationName(generation, d.to));
    }
  }
  const present = await store.query<{ name: string; engine: string }>(
    sql`SELECT name, engine FROM system.tables WHERE database = ${storeDatabase} ORDER BY engine = 'MaterializedView' DESC`,
  );
  for (const { name } of present) {
    const full = `${storeDatabase}.${name}`;
    if (!known.has(full) && /_v\d+g\d+(_fill|_repeat)?$/.test(name))
      await store.command(`DROP TABLE IF EXISTS ${full} SYNC`);
  }
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
 * both have where a new version has changed them.
 */
export async function carryDay(store: ReadStore, to: string, from: string, day: string): Promise<void> {
  const columnsOf = async (table: string) => {
    const rows = await store.query<{ name: string; type: string }>(`DESCRIBE TABLE ${table}`);
    return rows.map(({ name, type }) => `${name} ${type}`);
  };
  const [present, wanted] = [await columnsOf(from), await columnsOf(to)];
  if (present.join() === wanted.join()) {
    await store.command(`ALTER TABLE ${to} ATTACH PARTITION ${literal(day)} FROM ${from}`);
    return;
  }
  const names = wanted.filter((column) => present.includes(column)).map((column) => column.split(' ')[0]);
  await store.command(
    `INSERT INTO ${to} (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${from} WHERE recorded_day = ${literal(day)}
SETTINGS insert_deduplicate = 0`,
  );
}

import type { StoreLayout } from '../domain/storeLayout.ts';
import { createDerivations, dropDerivations, tableName } from './generations.ts';
import type { Generation, ReadStore, RowBatch } from './ports.ts';
import type { Projection } from './projection.ts';
import { literal } from './sql.ts';
import type { Derivation } from './table.ts';

/**
 * Takes in a batch of which some tables may have its rows already, because the process died or lost the store while
 * it was at work. A server knows it by its token. For the embedded engine a token is not enough: the engine notes it
 * before the rows are in their place, and a death between the two, which is ours as well, makes it refuse rows that it
 * does not have. What a table holds is the only witness there: a batch's rows enter a table's day as one part, whole or
 * not at all, and batches enter in order, so a table has them exactly if it reaches the batch's last position.
 */
export async function repeatInsert(
  store: ReadStore,
  projection: Projection,
  generation: Generation,
  batch: RowBatch,
): Promise<void> {
  if (store.repeat !== undefined) return await store.repeat(batch);
  const staged = `${batch.table}_repeat`;
  await store.command(`DROP TABLE IF EXISTS ${staged} SYNC`);
  await store.command(`CREATE TABLE ${staged} AS ${batch.table} ENGINE = MergeTree ORDER BY tuple()`);
  await store.insert({ ...batch, table: staged, token: '' });
  // Rows for the source must not flow on by themselves to tables that may have them.
  await dropDerivations(store, projection, generation);
  try {
    await copyMissing(store, {
      rows: `SELECT * FROM ${staged}`,
      into: batch.table,
      columns: projection.source.columns.map((c) => c.name),
      position: 'position',
    });
    for (const derivation of projection.derivations) {
      await copyMissing(store, derivedCopy(store.layout, projection, generation, derivation, staged));
    }
  } finally {
    await createDerivations(store, projection, generation);
  }
  await store.command(`DROP TABLE IF EXISTS ${staged} SYNC`);
}

interface Copy {
  rows: string;
  into: string;
  columns: readonly string[];
  /** The column that holds the position that a row reaches. */
  position: string;
}

function derivedCopy(
  layout: StoreLayout,
  projection: Projection,
  generation: Generation,
  derivation: Derivation,
  staged: string,
): Copy {
  const table = projection.derived.find(({ name }) => name === derivation.to);
  if (table === undefined)
    throw new Error(`${projection.name} derives ${derivation.to}, which it does not have`);
  return {
    rows: derivation.select.replaceAll('{from}', staged),
    into: tableName(layout, generation, derivation.to),
    columns: table.columns.map((c) => c.name),
    position: 'last_position',
  };
}

async function copyMissing(store: ReadStore, { rows, into, columns, position }: Copy): Promise<void> {
  const days = await store.query<{ day: string; reached: string }>(
    `SELECT toString(recorded_day) AS day, toString(max(${position})) AS reached FROM (${rows}) GROUP BY recorded_day`,
  );
  for (const { day, reached } of days) {
    const [present] = await store.query<{ reached: string }>(
      `SELECT toString(max(${position})) AS reached FROM ${into} WHERE recorded_day = ${literal(day)}`,
    );
    if (BigInt(present?.reached ?? 0) >= BigInt(reached)) continue;
    const names = columns.join(', ');
    await store.command(
      `INSERT INTO ${into} (${names}) SELECT ${names} FROM (${rows}) WHERE recorded_day = ${literal(day)}
SETTINGS insert_deduplicate = 0, deduplicate_insert = 'disable', deduplicate_insert_select = 'disable'`,
    );
  }
}

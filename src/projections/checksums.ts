import { recordedDays } from './generations.ts';
import type { ReadStore } from './ports.ts';
import type { Column } from './rowBinary.ts';
import { literal } from './sql.ts';
import type { Table } from './table.ts';

/** What a table holds of one recorded day, as two numbers that do not depend on the order of rows or parts. */
export interface DayChecksum {
  day: string;
  rows: number;
  checksum: string;
}

export interface Difference {
  table: string;
  day: string;
  present: { rows: number; checksum: string } | undefined;
  expected: { rows: number; checksum: string } | undefined;
}

/** A day at a time, so that no statement has to hold a whole table. */
export async function checksums(store: ReadStore, table: Table, fullName: string): Promise<DayChecksum[]> {
  const names = table.columns.map((c) => c.name).join(', ');
  const found: DayChecksum[] = [];
  for (const day of await recordedDays(store, fullName)) {
    const [row] = await store.query<{ rows: string; checksum: string }>(
      `SELECT count() AS rows, toString(sum(cityHash64(${names}))) AS checksum
FROM (${mergedRows(table, fullName, day)})`,
    );
    if (row !== undefined) found.push({ day, rows: Number(row.rows), checksum: row.checksum });
  }
  return found;
}

/** Rows as they will be once every part has been merged. */
function mergedRows(table: Table, fullName: string, day: string): string {
  const from = `${fullName} WHERE recorded_day = ${literal(day)}`;
  if ((table.engine ?? 'MergeTree') === 'MergeTree') return `SELECT * FROM ${from}`;
  const keys = ['recorded_day', ...table.orderBy.split(',').map((key) => key.trim())];
  const columns = table.columns.map((column) =>
    keys.includes(column.name) ? column.name : `${merged(column)} AS ${column.name}_merged`,
  );
  const renamed = table.columns.map((c) =>
    keys.includes(c.name) ? c.name : `${c.name}_merged AS ${c.name}`,
  );
  return `SELECT ${renamed.join(', ')} FROM (SELECT ${columns.join(', ')} FROM ${from} GROUP BY ${keys.join(', ')})`;
}

function merged(column: Column): string {
  const stored = column.stored ?? column.type;
  const simple = /^SimpleAggregateFunction\((\w+),/.exec(stored);
  if (simple !== null) return `${simple[1]}(${column.name})`;
  const state = /^AggregateFunction\((\w+)(\([^)]*\))?,/.exec(stored);
  // The state itself, not only its figures: what a later reader merges must be the same as well.
  if (state !== null) return `hex(${state[1]}MergeState${state[2] ?? ''}(${column.name}))`;
  throw new Error(`no way is known to merge the column ${column.name} (${stored})`);
}

export function differences(
  present: ReadonlyMap<string, readonly DayChecksum[]>,
  expected: ReadonlyMap<string, readonly DayChecksum[]>,
): Difference[] {
  const found: Difference[] = [];
  for (const [table, expectedDays] of expected) {
    const presentDays = present.get(table) ?? [];
    const days = new Set([...presentDays, ...expectedDays].map((d) => d.day));
    for (const day of [...days].sort()) {
      const ours = presentDays.find((d) => d.day === day);
      const theirs = expectedDays.find((d) => d.day === day);
      if (ours?.rows === theirs?.rows && ours?.checksum === theirs?.checksum) continue;
      found.push({ table, day, present: ours, expected: theirs });
    }
  }
  return found;
}

import type { Column } from './rowBinary.ts';

/** One table of a read model, its columns tied to its definition. */
export interface Table {
  name: string;
  columns: readonly Column[];
  /** Only in tables that materialised views fill; their rows never come from outside the engine. */
  engine?: 'MergeTree' | 'AggregatingMergeTree';
  orderBy: string;
  /** Skip indexes, as ClickHouse writes them. */
  indexes?: readonly string[];
  retention: RetentionClass;
}

/** How long a table's rows stay, counted from the day on which they were recorded. */
export type RetentionClass = 'raw' | 'minutes' | 'hours' | 'kept';

/**
 * Fills one table from another inside the engine, in the same insert. Its rows carry the greatest position that went
 * into them as `last_position`, by which a restart sees whether a batch was taken in.
 */
export interface Derivation {
  from: string;
  to: string;
  /** `{from}` stands for the source table. */
  select: string;
}

/** What readers and analysts see; `{table}` stands for the table of that name in its current generation. */
export interface PublicView {
  name: string;
  select: string;
}

export type TableNamer = (table: string) => string;

/**
 * Rows are kept by the day on which they were *recorded*, like the log's own events: a part expires as a whole, and
 * what the log has forgotten is exactly what a rebuild must carry over.
 */
export function createTableSql(table: Table, fullName: string, retentionDays: number | undefined): string {
  const columns = table.columns.map(
    (c) => `  ${c.name} ${c.stored ?? c.type}${c.codec ? ` CODEC(${c.codec})` : ''}`,
  );
  const indexes = (table.indexes ?? []).map((index) => `  INDEX ${index}`);
  const ttl = retentionDays === undefined ? '' : `\nTTL recorded_day + INTERVAL ${retentionDays} DAY DELETE`;
  return [
    `CREATE TABLE IF NOT EXISTS ${fullName} (`,
    [...columns, ...indexes].join(',\n'),
    `) ENGINE = ${table.engine ?? 'MergeTree'}`,
    'PARTITION BY recorded_day',
    `ORDER BY (${table.orderBy})${ttl}`,
    `SETTINGS ${tableSettings.join(', ')}`,
  ].join('\n');
}

const tableSettings = [
  'ttl_only_drop_parts = 1',
  // Repeating the batch that was at work when the process died must find the token of its first try.
  'non_replicated_deduplication_window = 1000',
  // A part is on disk before the checkpoint says so: the log may forget what the read models hold.
  'fsync_after_insert = 1',
  'fsync_part_directory = 1',
  // Merging costs as much as inserting; with fewer, larger merges each row is written less often.
  'merge_selector_base = 10',
  // A merged part is on disk before what it replaces goes, which can then go soon.
  'min_rows_to_fsync_after_merge = 1',
  'old_parts_lifetime = 10',
];

export const derivationSql = (derivation: Derivation, viewName: string, nameOf: TableNamer): string =>
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${viewName} TO ${nameOf(derivation.to)} AS ${derivation.select.replaceAll(
    '{from}',
    nameOf(derivation.from),
  )}`;

export const publicViewSql = (view: PublicView, viewName: string, nameOf: TableNamer): string =>
  `CREATE OR REPLACE VIEW ${viewName} AS ${view.select.replace(/\{(\w+)\}/g, (_, table: string) => nameOf(table))}`;

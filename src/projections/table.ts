import type { StoreLayout } from '../domain/storeLayout.ts';
import type { Column } from './rowBinary.ts';
import { onCluster, quote } from './sql.ts';

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

/** Where a table's statements go: what readers call it, and what holds a machine's own rows. */
export interface TablePlace {
  layout: StoreLayout;
  name: string;
  /** The same as `name` but on a cluster, where `name` reads from all shards. */
  held: string;
}

/**
 * Rows are kept by the day on which they were *recorded*, like the log's own events: a part expires as a whole, and
 * what the log has forgotten is exactly what a rebuild must carry over.
 */
export function createTableSql(
  table: Table,
  { layout, held, name }: TablePlace,
  retentionDays: number | undefined,
): string {
  const columns = table.columns.map(
    (c) => `  ${c.name} ${c.stored ?? c.type}${c.codec ? ` CODEC(${c.codec})` : ''}`,
  );
  const indexes = (table.indexes ?? []).map((index) => `  INDEX ${index}`);
  const ttl = retentionDays === undefined ? '' : `\nTTL recorded_day + INTERVAL ${retentionDays} DAY DELETE`;
  return [
    `CREATE TABLE IF NOT EXISTS ${held}${onCluster(layout)} (`,
    [...columns, ...indexes].join(',\n'),
    `) ENGINE = ${engineOf(table, layout, name)}`,
    'PARTITION BY recorded_day',
    `ORDER BY (${table.orderBy})${ttl}`,
    `SETTINGS ${tableSettings(layout).join(', ')}`,
  ].join('\n');
}

/**
 * Replicas find each other by the table's name. By the unique id that ClickHouse takes by itself, a node that is added
 * later would begin a table of its own.
 */
function engineOf(table: Table, { cluster }: StoreLayout, name: string): string {
  const engine = table.engine ?? 'MergeTree';
  if (cluster === undefined) return engine;
  return `Replicated${engine}('/clickhouse/tables/{shard}/${name.replace('.', '/')}', '{replica}')`;
}

/** A cut-off batch may have to wait out a long outage of the process that was at it. */
const rememberedSeconds = 7 * 86_400;

const tableSettings = ({ cluster, rememberedInserts }: StoreLayout): string[] => [
  'ttl_only_drop_parts = 1',
  // Repeating the batch that was at work when the process died must find the token of its first try.
  ...(cluster === undefined
    ? [`non_replicated_deduplication_window = ${rememberedInserts}`]
    : [
        `replicated_deduplication_window = ${rememberedInserts}`,
        `replicated_deduplication_window_seconds = ${rememberedSeconds}`,
      ]),
  // A part is on disk before the checkpoint says so: the log may forget what the read models hold.
  'fsync_after_insert = 1',
  'fsync_part_directory = 1',
  // Merging costs as much as inserting; with fewer, larger merges each row is written less often.
  'merge_selector_base = 10',
  // A merged part is on disk before what it replaces goes, which can then go soon.
  'min_rows_to_fsync_after_merge = 1',
  'old_parts_lifetime = 10',
];

/** Reads a table from all shards of a cluster, and spreads what is inserted over them. */
export function distributedSql(table: Table, { layout, held, name }: TablePlace, cluster: string): string {
  const [database = '', heldTable = ''] = held.split('.');
  return `CREATE TABLE IF NOT EXISTS ${name}${onCluster(layout)} AS ${held}
ENGINE = Distributed(${[cluster, database, heldTable].map(quote).join(', ')}, ${shardOf(table)})`;
}

/**
 * The events of one service lie on one shard, like they go through one lane, and so do their sums. The same rows always
 * go the same way: a batch that is repeated meets its own token again, shard by shard.
 */
const shardOf = ({ columns }: Table): string =>
  `cityHash64(${['project', 'service'].filter((key) => columns.some(({ name }) => name === key)).join(', ')})`;

export interface ViewPlace {
  layout: StoreLayout;
  name: string;
  /** Given where the view has to be the same on all nodes, those that are added later included. */
  uuid?: string;
}

/** `{from}` and the target are what a machine holds itself: rows are summed up where they are. */
export const derivationSql = (
  derivation: Derivation,
  { layout, name, uuid }: ViewPlace,
  heldName: TableNamer,
): string =>
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name}${uuid === undefined ? '' : ` UUID ${quote(uuid)}`}${onCluster(layout)} TO ${heldName(derivation.to)} AS ${derivation.select.replaceAll(
    '{from}',
    heldName(derivation.from),
  )}`;

/** What a view is made with, so that its readers need no right to what it reads. */
const readingRights = ({ definer }: StoreLayout): string =>
  definer === undefined ? '' : ` DEFINER = ${quote(definer)} SQL SECURITY DEFINER`;

/** A view that readers see; `select` names what it reads in full. */
export const readableViewSql = (layout: StoreLayout, name: string, select: string): string =>
  `CREATE OR REPLACE VIEW ${layout.database}.${name}${onCluster(layout)}${readingRights(layout)} AS ${select}`;

export const publicViewSql = (layout: StoreLayout, view: PublicView, nameOf: TableNamer): string =>
  readableViewSql(
    layout,
    view.name,
    view.select.replace(/\{(\w+)\}/g, (_, table: string) => nameOf(table)),
  );

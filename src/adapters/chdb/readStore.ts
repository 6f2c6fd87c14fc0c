import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { embeddedLayout } from '../../domain/storeLayout.ts';
import type { ReadStore, RowBatch } from '../../projections/ports.ts';
import { quote } from '../../projections/sql.ts';
import { columnNames, readsThrough } from '../clickhouse/reads.ts';
import type { ChdbEngine } from './engine.ts';

/** Read models in the embedded engine: a few connections for reads, a few for inserts, so that neither waits. */
export async function openChdbStore(
  engine: ChdbEngine,
  options: { readers?: number; writers?: number } = {},
) {
  const readers = await connections(engine, options.readers ?? 3, readerSettings);
  const writers = await connections(engine, options.writers ?? 2, writerSettings);
  let spooled = 0;
  let closed = false;
  const store: ReadStore = {
    layout: embeddedLayout,
    ...readsThrough(readers.client()),
    query: (sql, queryOptions) => readers.run((client) => readsThrough(client).query(sql, queryOptions)),
    command: (sql) => writers.run((client) => readsThrough(client).command(sql)),
    ping: () => readers.run((client) => readsThrough(client).ping()),
    async insert(batch) {
      // The engine takes rows from a file three times as fast as from the text of a statement.
      const file = join(engine.spoolFolder, `${++spooled}.rows`);
      await writeFile(file, batch.rows);
      try {
        await writers.run((client) => readsThrough(client).command(insertFromFile(batch, file)));
      } finally {
        await unlink(file);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.all([readers.close(), writers.close()]);
    },
  };
  return store;
}

/** Compiling a statement to machine code takes tens of milliseconds, and nothing here runs long enough to earn them. */
const interpreted = {
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
};

const readerSettings = {
  ...interpreted,
  output_format_json_quote_64bit_integers: 1,
  max_threads: 2,
  max_execution_time: 30,
  max_memory_usage: 256 * 1024 * 1024,
  use_uncompressed_cache: 0,
  max_block_size: 16_384,
};

const writerSettings = {
  ...interpreted,
  max_threads: 1,
  max_insert_threads: 1,
  max_block_size: 65_536,
  input_format_parallel_parsing: 0,
};

function insertFromFile(batch: RowBatch, file: string): string {
  const structure = batch.columns.map((c) => `${c.name} ${c.type}`).join(', ');
  return `INSERT INTO ${batch.table} (${columnNames(batch)})
SELECT * FROM file(${quote(file)}, 'RowBinary', ${quote(structure)})
SETTINGS ${batch.token === '' ? 'insert_deduplicate = 0' : `insert_deduplication_token = ${quote(batch.token)}`}`;
}

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** The two packages carry copies of the same interface, whose classes the compiler takes for different ones. */
const clientOf = (engine: ChdbEngine): ClickHouseClient =>
  createClient({ connection: createChdbConnection({ path: engine.path }) as unknown as ClientConnection });

interface Pool {
  client(): ClickHouseClient;
  run<T>(work: (client: ClickHouseClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A connection runs one statement at a time, so each statement goes to the one with the least before it. */
async function connections(
  engine: ChdbEngine,
  count: number,
  settings: Record<string, number>,
): Promise<Pool> {
  const pool = Array.from({ length: count }, () => ({
    client: clientOf(engine),
    busy: 0,
  }));
  const statement = `SET ${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')}`;
  for (const { client } of pool) await client.command({ query: statement });
  const leastBusy = () => pool.reduce((best, next) => (next.busy < best.busy ? next : best));
  return {
    client: () => leastBusy().client,
    async run(work) {
      const chosen = leastBusy();
      chosen.busy++;
      try {
        return await work(chosen.client);
      } finally {
        chosen.busy--;
      }
    },
    close: async () => {
      await Promise.all(pool.map(({ client }) => client.close()));
    },
  };
}

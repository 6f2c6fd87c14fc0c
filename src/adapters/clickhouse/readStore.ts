import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { serverLayout } from '../../domain/storeLayout.ts';
import type { ReadStore, RowBatch } from '../../projections/ports.ts';
import { addressOf } from './address.ts';
import { endEarlierTry } from './earlierTry.ts';
import { columnNames, readsThrough } from './reads.ts';

export interface ClickHouseOptions {
  url: string;
  cluster?: string | undefined;
  maxOpenConnections?: number;
}

/** A ClickHouse server or cluster, over HTTP. Nothing is asked of it before the first statement. */
export function openClickHouseStore(options: ClickHouseOptions): ReadStore {
  const { endpoint, user, password, database } = addressOf(options.url);
  const layout = serverLayout({ database, cluster: options.cluster, definer: user });
  const client = createClient({
    url: endpoint,
    username: user,
    password,
    max_open_connections: options.maxOpenConnections ?? 10,
    request_timeout: 60_000,
    // Whoever calls tells what went wrong, without what was asked for.
    log: { level: ClickHouseLogLevel.OFF },
    compression: { request: false, response: true },
    clickhouse_settings: {
      output_format_json_quote_64bit_integers: 1,
      // A read that nobody waits for any more is no work any more.
      cancel_http_readonly_queries_on_client_close: 1,
      ...(layout.cluster !== undefined && clusterSettings),
    },
  });
  const insert = (batch: RowBatch) => insertThrough(client, batch);
  return {
    layout,
    ...readsThrough(client),
    async command(sql) {
      await client.command({ query: sql, clickhouse_settings: commandSettings });
    },
    insert,
    async repeat(batch) {
      await endEarlierTry(client, layout, insertId(batch.token));
      await insert(batch);
    },
    close: () => client.close(),
  };
}

const clusterSettings: Record<string, string | number> = {
  // An insert is acknowledged when it is in every shard that it concerns; its token goes along to each of them.
  distributed_foreground_insert: 1,
  // Inserts and reads go to the first replica that answers, so that a read finds what was inserted before it.
  load_balancing: 'in_order',
  prefer_localhost_replica: 0,
  distributed_product_mode: 'global',
  // A node that is away carries out what it has missed when it is back.
  distributed_ddl_output_mode: 'none_only_active',
  distributed_ddl_task_timeout: 50,
  ignore_on_cluster_for_replicated_access_entities_queries: 1,
};

const commandSettings = {
  // What a swap leaves behind may be of any size.
  max_table_size_to_drop: '0',
  // A long statement shows that it is alive, or the client would give it up.
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '20000',
} as const;

/** More than any batch has: one batch is one block, and its rows of one day are one part. */
const rowsInOneBlock = '4194304';

async function insertThrough(client: ClickHouseClient, batch: RowBatch): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${batch.table} (${columnNames(batch)}) FORMAT RowBinary`,
    values: Readable.from([batch.rows]),
    // The server runs no two statements of one id at once.
    ...(batch.token !== '' && { query_id: insertId(batch.token) }),
    clickhouse_settings: {
      ...(batch.token !== '' && { insert_deduplication_token: batch.token }),
      deduplicate_blocks_in_dependent_materialized_views: 1,
      max_insert_block_size: rowsInOneBlock,
      async_insert: 0,
      wait_end_of_query: 1,
    },
  });
  await finished(stream.resume());
}

const insertId = (token: string): string =>
  `chronoscope-insert-${createHash('sha256').update(token).digest('hex').slice(0, 32)}`;

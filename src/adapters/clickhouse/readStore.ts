import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { ReadStore, RowBatch } from '../../projections/ports.ts';

/** A ClickHouse server or cluster, over HTTP. */
export function openClickHouseStore(options: { url: string; maxOpenConnections?: number }): ReadStore {
  const client = createClient({
    url: options.url,
    max_open_connections: options.maxOpenConnections ?? 10,
    request_timeout: 60_000,
    compression: { request: false, response: true },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1, date_time_output_format: 'iso' },
  });
  return {
    ...readsThrough(client),
    async insert(batch) {
      const { stream } = await client.exec({
        query: `INSERT INTO ${batch.table} (${columnNames(batch)}) FORMAT RowBinary`,
        values: Readable.from([batch.rows]),
        clickhouse_settings: {
          ...(batch.token !== '' && { insert_deduplication_token: batch.token }),
          deduplicate_blocks_in_dependent_materialized_views: 1,
          async_insert: 0,
          wait_end_of_query: 1,
        },
      });
      stream.resume();
    },
    close: () => client.close(),
  };
}

export const columnNames = (batch: RowBatch): string => batch.columns.map((c) => c.name).join(', ');

/** The part of the store that is the same for a server and for the embedded engine. */
export function readsThrough(client: ClickHouseClient): Pick<ReadStore, 'command' | 'query' | 'ping'> {
  return {
    async command(sql) {
      await client.command({ query: sql });
    },
    async query<T>(sql: string, queryOptions: { signal?: AbortSignal } = {}) {
      const result = await client.query({
        query: sql,
        format: 'JSONEachRow',
        ...(queryOptions.signal === undefined ? {} : { abort_signal: queryOptions.signal }),
      });
      return await result.json<T>();
    },
    async ping() {
      const answer = await client.ping({ select: true });
      if (!answer.success) throw answer.error;
    },
  };
}

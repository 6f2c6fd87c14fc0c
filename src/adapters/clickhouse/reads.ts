import type { ClickHouseClient } from '@clickhouse/client';
import type { ReadStore, RowBatch } from '../../projections/ports.ts';

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

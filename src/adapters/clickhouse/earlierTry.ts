import { setTimeout as pause } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { StoreLayout } from '../../domain/storeLayout.ts';
import { onCluster, quote } from '../../projections/sql.ts';

const looks = 40;
const lookEveryMs = 250;

/**
 * An insert that its client has given up may still be at work, on the node that took it or on those that it hands rows
 * to. It is ended, and its end awaited, before the same batch goes in again.
 */
export async function endEarlierTry(
  client: ClickHouseClient,
  layout: StoreLayout,
  queryId: string,
): Promise<void> {
  const ours = `initial_query_id = ${quote(queryId)}`;
  const isAtWork = () => atWork(client, layout, ours);
  if (!(await isAtWork())) return;
  await client.command({
    query: `KILL QUERY${onCluster(layout)} WHERE ${ours} ASYNC`,
    // Whether it helped is looked at below.
    clickhouse_settings: { distributed_ddl_output_mode: 'never_throw', distributed_ddl_task_timeout: '5' },
  });
  for (let look = 0; look < looks; look++) {
    if (!(await isAtWork())) return;
    await pause(lookEveryMs);
  }
  throw new Error('an earlier try of the same insert is still at work');
}

async function atWork(client: ClickHouseClient, { cluster }: StoreLayout, ours: string): Promise<boolean> {
  const processes =
    cluster === undefined ? 'system.processes' : `clusterAllReplicas(${quote(cluster)}, system.processes)`;
  const result = await client.query({
    query: `SELECT count() AS n FROM ${processes} WHERE ${ours}`,
    format: 'JSONEachRow',
    clickhouse_settings: { skip_unavailable_shards: 1 },
  });
  const [row] = await result.json<{ n: string }>();
  return row?.n !== '0';
}

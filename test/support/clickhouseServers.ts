import { openClickHouseStore } from '../../src/adapters/clickhouse/readStore.ts';
import type { ReadStore } from '../../src/projections/ports.ts';
import { onCluster } from '../../src/projections/sql.ts';
import { type ClickHouseStandIn, standInCluster } from './clickhouseStandIn.ts';

/** What a suite runs on; its databases begin with `test_`, so that a real server's own are left alone. */
export interface TestedServer {
  name: string;
  isStandIn: boolean;
  cluster: string | undefined;
}

const realUrl = process.env.CLICKHOUSE_URL;

if (realUrl === undefined) {
  console.warn(
    'SKIPPED: nothing ran on a real ClickHouse server; set CLICKHOUSE_URL (and CLICKHOUSE_CLUSTER).',
  );
}

export const testedServers: readonly TestedServer[] = [
  { name: 'a stand-in for one server', isStandIn: true, cluster: undefined },
  { name: 'a stand-in for a cluster of one node', isStandIn: true, cluster: standInCluster },
  ...(realUrl === undefined
    ? []
    : [
        {
          name: 'the server at CLICKHOUSE_URL',
          isStandIn: false,
          cluster: process.env.CLICKHOUSE_CLUSTER,
        },
      ]),
];

export interface Account {
  name: string;
  password: string;
}

export function storeOn(
  { isStandIn, cluster }: TestedServer,
  standIn: ClickHouseStandIn,
  database: string,
  account?: Account,
): ReadStore {
  const url = new URL(isStandIn ? standIn.url : (realUrl ?? ''));
  url.pathname = `/${database}`;
  if (account !== undefined) Object.assign(url, { username: account.name, password: account.password });
  return openClickHouseStore({ url: url.toString(), cluster });
}

export async function dropReadModels(store: ReadStore): Promise<void> {
  const { layout } = store;
  for (const database of [layout.database, layout.storeDatabase]) {
    await store.command(`DROP DATABASE IF EXISTS ${database}${onCluster(layout)} SYNC`);
  }
}

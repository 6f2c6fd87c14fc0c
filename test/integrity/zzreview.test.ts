import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClickHouseStandIn, clickHouseStandIn } from '../support/clickhouseStandIn.ts';
import { type Cluster, openCluster } from '../support/cluster.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';
import { adminKey, post, temporaryFolder } from '../support/liveEngine.ts';
import type { Answer } from '../support/reads.ts';

let folder = '';
let remove = async () => {};
let log: EventStoreStandIn;
let read: ClickHouseStandIn;
let cluster: Cluster;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  log = await startEventStoreStandIn();
  read = await clickHouseStandIn();
  cluster = openCluster(folder, { CHRONOSCOPE_LOG: log.url, CHRONOSCOPE_READ: `${read.url}/test_bots` });
}, 60_000);
afterEach(async () => {
  await cluster.close();
  log.stop();
  await read.close();
  await remove();
});
async function ask(name: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(`${cluster.get(name).origin}${path}`, { ...init, headers: { authorization: `Bearer ${adminKey}` } });
  return { status: answer.status, body: (await answer.json()) as Answer };
}
describe('review', () => {
  it('two wait for the store past a lease', { timeout: 180_000 }, async () => {
    await cluster.start('ingest', 'ingest');
    await cluster.start('project-0', 'project');
    await cluster.start('api', 'api');
    await new Promise((r) => setTimeout(r, 4000));
    await cluster.end('project-0', 'SIGTERM');
    await read.sleep();
    await cluster.start('project-a', 'project');
    await cluster.start('project-b', 'project');
    await new Promise((r) => setTimeout(r, 40_000));
    await read.wake();
    for (let i = 0; i < 12; i++) {
      const body = JSON.stringify({ type: 'request', service: 'bot', operation: 'search', status: 'success', durationMs: i + 1 });
      await post(cluster.get('ingest').origin, body, 'application/x-ndjson');
      await new Promise((r) => setTimeout(r, 2_000));
    }
    const p = await ask('api', '/v1/positions');
    console.log(JSON.stringify(p.body, null, 1).slice(0, 3000));
    for (const n of ['project-a', 'project-b']) console.log(n, (cluster.get(n).program as any).stderr?.() ?? Object.keys(cluster.get(n).program));
  });
});

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClickHouseStandIn, clickHouseStandIn } from '../support/clickhouseStandIn.ts';
import { type Cluster, openCluster } from '../support/cluster.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';
import { newestKafka, newTopicName, withBroker } from '../support/kafka/topic.ts';
import { adminKey, post, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';
import type { Answer } from '../support/reads.ts';

const services = ['bot', 'shop', 'search', 'mail', 'billing', 'worker'];
const ROUNDS = Number(process.env.KAFKA_ROUNDS ?? 4);

let folder = '';
let remove = async () => {};
let cluster: Cluster;
/** How many requests of each service have been acknowledged. */
let sent: Map<string, number>;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  sent = new Map();
});
afterEach(async () => {
  await cluster.close();
  await remove();
});

/** Gives the position of the last one. */
async function send(to: string, count: number): Promise<string> {
  const lines = Array.from({ length: count }, (_, i) => {
    const service = services[i % services.length] ?? 'bot';
    return JSON.stringify({
      type: 'request',
      service,
      operation: 'search',
      status: 'success',
      durationMs: i,
    });
  });
  const answer = await post(cluster.get(to).origin, lines.join('\n'), 'application/x-ndjson');
  const said = (await answer.json()) as { position: string };
  expect(answer.status, JSON.stringify(said)).toBe(200);
  for (let i = 0; i < count; i++) {
    const service = services[i % services.length] ?? 'bot';
    sent.set(service, (sent.get(service) ?? 0) + 1);
  }
  return said.position;
}

async function ask(name: string, path: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const answer = await fetch(`${cluster.get(name).origin}${path}`, { headers });
  const body = await answer.text();
  expect(answer.status, body).toBe(200);
  return JSON.parse(body);
}

/** What readers see once all up to the position has been taken in. */
async function seen(name: string, position: string): Promise<Map<string, number>> {
  const { operations } = await ask(name, `/v1/latency?project=default&after=${position}&wait=60s`);
  return new Map(operations.map(({ service, count }: Answer) => [service, count]));
}

const expectAll = (found: Map<string, number>) =>
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(sent));

withBroker(newestKafka, (brokers) => {
  const feed = () => `kafka://${brokers().join(',')}/${newTopicName()}`;

  describe('one process with an embedded log and read models, and a feed in Kafka', () => {
    it('projects by lanes what it takes in, also after a kill -9', { timeout: 180_000 }, async () => {
      cluster = openCluster(folder, { CHRONOSCOPE_FEED: feed(), CHRONOSCOPE_LANES: '3' });
      await cluster.start('engine', 'ingest,relay,project,alert,notify,api,bot');
      expectAll(await seen('engine', await send('engine', 300)));
      await send('engine', 300);
      await cluster.end('engine', 'SIGKILL');
      await cluster.again('engine');
      expectAll(await seen('engine', await send('engine', 60)));
      const { projections } = await ask('engine', '/v1/positions');
      expect(projections.every(({ error }: Answer) => error === undefined)).toBe(true);
      const { origin } = cluster.get('engine');
      const headers = { authorization: `Bearer ${adminKey}` };
      const figures = await (await fetch(`${origin}/metrics`, { headers })).text();
      for (const lane of [0, 1, 2])
        expect(figures).toMatch(new RegExp(`^chronoscope_feed_lag_events\\{lane="${lane}"\\} \\d`, 'm'));
    });
  });

  describe('a process for each role (stand-ins for EventStoreDB and ClickHouse)', () => {
    let log: EventStoreStandIn;
    let read: ClickHouseStandIn;
    beforeEach(async () => {
      log = await startEventStoreStandIn();
      read = await clickHouseStandIn();
      cluster = openCluster(folder, {
        CHRONOSCOPE_LOG: log.url,
        CHRONOSCOPE_READ: `${read.url}/test_lanes`,
        CHRONOSCOPE_FEED: feed(),
        CHRONOSCOPE_LANES: '4',
      });
      await cluster.start('ingest', 'ingest');
      for (const name of ['relay-a', 'relay-b']) await cluster.start(name, 'relay');
      for (const name of ['project-a', 'project-b']) await cluster.start(name, 'project');
      await cluster.start('api', 'api');
    });
    afterEach(async () => {
      await cluster.close();
      log.stop();
      await read.close();
    });

    it('kills of relays and projections at random count nothing twice and lose nothing', {
      timeout: 300_000,
    }, async () => {
      expectAll(await seen('api', await send('ingest', 120)));
      const victims = ['project-a', 'relay-a', 'project-b', 'relay-b'];
      for (let round = 0; round < ROUNDS; round++) {
        const victim = victims[round % victims.length] ?? 'project-a';
        await send('ingest', 200 + 37 * round);
        await cluster.end(victim, round % 3 === 2 ? 'SIGTERM' : 'SIGKILL');
        await send('ingest', 100);
        await cluster.again(victim);
      }
      expectAll(await seen('api', await send('ingest', 6)));
    });
  });
});

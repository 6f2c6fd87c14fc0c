import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClickHouseStandIn, clickHouseStandIn } from '../support/clickhouseStandIn.ts';
import { type Cluster, openCluster } from '../support/cluster.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';
import { adminKey, post, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram, runProgram } from '../support/program.ts';
import type { Answer } from '../support/reads.ts';

let folder = '';
let remove = async () => {};
let log: EventStoreStandIn;
let read: ClickHouseStandIn;
let cluster: Cluster;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  log = await startEventStoreStandIn();
  read = await clickHouseStandIn();
  cluster = openCluster(folder, servers());
}, 60_000);
afterEach(async () => {
  await cluster.close();
  log.stop();
  await read.close();
  await remove();
});

const servers = () => ({ CHRONOSCOPE_LOG: log.url, CHRONOSCOPE_READ: `${read.url}/test_bots` });

const ownRules = `rules:
  - name: failing
    measure: error_rate
    by: [service]
    window: 5m
    warning: { above: 5% }
`;

const requests = (service: string, count: number): string =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({ type: 'request', service, operation: 'search', status: 'success', durationMs: i + 1 }),
  ).join('\n');

async function send(service: string, count: number): Promise<string> {
  const body = requests(service, count);
  const answer = await post(cluster.get('ingest').origin, body, 'application/x-ndjson');
  const said = await answer.json();
  expect(answer.status, JSON.stringify(said)).toBe(200);
  return (said as { position: string }).position;
}

async function ask(
  name: string,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: Answer }> {
  const answer = await fetch(`${cluster.get(name).origin}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${adminKey}` },
  });
  return { status: answer.status, body: await answer.json() };
}

/** How many requests of a service readers see, once all up to the position has been taken in. */
async function seen(service: string, position: string): Promise<number> {
  const path = `/v1/latency?project=default&service=${service}&after=${position}&wait=30s`;
  const { status, body } = await ask('api', path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.operations.reduce((sum: number, { count }: Answer) => sum + count, 0);
}

describe('roles in processes of their own (stand-ins for EventStoreDB and ClickHouse)', () => {
  it('what one takes in another projects and a third one reads, also after a kill -9', {
    timeout: 180_000,
  }, async () => {
    await cluster.start('ingest', 'ingest');
    await cluster.start('project-a', 'project');
    await cluster.start('project-b', 'project');
    await cluster.start('api', 'api');
    expect(await seen('bot', await send('bot', 50))).toBe(50);
    const { projections } = (await ask('api', '/v1/positions')).body;
    expect(projections.every(({ lagEvents }: Answer) => lagEvents === 0)).toBe(true);

    const last = await send('bot', 70);
    await cluster.end('project-a', 'SIGKILL');
    await send('other', 30);
    expect(await seen('bot', last)).toBe(120);
    expect(await seen('other', await send('other', 1))).toBe(31);
    await cluster.again('project-a');
    await cluster.end('project-b', 'SIGTERM');
    expect(await seen('bot', await send('bot', 5))).toBe(125);
  });

  it('each has the routes of its roles and no others, and says what it stands on', {
    timeout: 120_000,
  }, async () => {
    await cluster.start('ingest', 'ingest');
    await cluster.start('project', 'project');
    await cluster.start('api', 'api');
    await cluster.start('alert', 'alert,notify');
    await send('bot', 3);
    const statusOf = async (name: string, path: string) => (await ask(name, path)).status;
    expect(await statusOf('ingest', '/v1/latency?project=default')).toBe(404);
    expect(await statusOf('alert', '/v1/alerts?project=default')).toBe(404);
    expect(await statusOf('api', '/v1/status?project=default')).toBe(200);
    expect((await post(cluster.get('api').origin, requests('bot', 1))).status).toBe(404);
    const dependencies = async (name: string) =>
      (await ask(name, '/ready')).body.dependencies.map((one: Answer) => one.name);
    expect(await dependencies('ingest')).toEqual(['log']);
    expect(await dependencies('api')).toEqual(['log', 'read_store']);
    const elsewhere = await ask('api', '/v1/rebuilds', { method: 'POST' });
    expect([elsewhere.status, elsewhere.body.error.code]).toEqual([409, 'CHR_NOT_HERE']);
    const { body } = await ask('api', '/v1/positions');
    await expect
      .poll(async () => (await ask('api', '/v1/positions')).body.alerts?.lagEvents, { timeout: 20_000 })
      .toBe(0);
    expect(body.head).toBeDefined();
  });

  it('a command beside them sees what they see, and leaves the rules that they have', {
    timeout: 120_000,
  }, async () => {
    const rules = join(folder, 'rules.yaml');
    await writeFile(rules, ownRules);
    await cluster.start('alert', 'alert', { CHRONOSCOPE_RULES: rules });
    await cluster.start('api', 'api');
    const env = { ...servers(), CHRONOSCOPE_DATA: join(folder, 'desk') };
    const listed = await runProgram(['keys', 'list', '--json'], env);
    expect(listed.code, listed.stderr).toBe(0);
    expect(JSON.parse(listed.stdout).keys).toHaveLength(1);
    const tried = await runProgram(['backtest', '--json'], env);
    expect(tried.code, tried.stderr).toBe(0);
    expect((await ask('api', '/v1/rules')).body).toMatchObject({ revision: 1, source: 'file' });
  });

  it('a checkpoint that was written, and whose answer never came, holds nothing up for good', {
    timeout: 120_000,
  }, async () => {
    await cluster.start('ingest', 'ingest');
    await cluster.start('project', 'project');
    await cluster.start('api', 'api');
    expect(await seen('bot', await send('bot', 3))).toBe(3);
    let lost = 0;
    const isOfRequests = (stream: string) => stream === 'chronoscope.checkpoint-test_bots/requests';
    log.faults = {
      append(stream) {
        if (!isOfRequests(stream)) return undefined;
        lost += 1;
        return 'stored but stalled';
      },
    };
    const position = await send('bot', 4);
    await expect.poll(() => lost, { timeout: 30_000 }).toBeGreaterThan(1);
    log.faults = {};
    expect(await seen('bot', position)).toBe(7);
  });

  it('a read store that is away at the start is waited for, and said', { timeout: 120_000 }, async () => {
    await read.sleep();
    await cluster.start('ingest', 'ingest');
    await cluster.start('project', 'project');
    await cluster.start('api', 'api');
    const { status, body } = await ask('api', '/ready');
    expect([status, body.status]).toEqual([503, 'unavailable']);
    const position = await send('bot', 20);
    await read.wake();
    await expect.poll(async () => (await ask('api', '/ready')).status, { timeout: 30_000 }).toBe(200);
    expect(await seen('bot', position)).toBe(20);
  });
});

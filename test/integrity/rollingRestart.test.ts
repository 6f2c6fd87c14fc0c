import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as timePasses } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { eventsOf } from '../contracts/logEvents.ts';
import { firingOf, openWebhook, requestsOf } from '../support/alertWebhook.ts';
import { type Cluster, openCluster } from '../support/cluster.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';
import { post, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';

/** Short windows, so that a service's fate is decided within seconds. */
const rules = `lateness: 200ms
idle: 1s
rules:
  - name: failing
    measure: error_rate
    by: [service]
    window: 10s
    every: 1s
    minimumVolume: 10
    keepFiringFor: 1h
    critical: { above: 0.2 }
routes:
  - name: at-once
    groupBy: [rule, service]
    groupWait: 100ms
    groupInterval: 1s
    repeatInterval: 1h
`;

let folder = '';
let remove = async () => {};
let standIn: EventStoreStandIn;
let cluster: Cluster;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  standIn = await startEventStoreStandIn();
});
afterEach(async () => {
  await cluster.close();
  standIn.stop();
  await remove();
});

async function begin(webhook: string, text = rules): Promise<void> {
  const rulesPath = join(folder, 'rules.yaml');
  await writeFile(rulesPath, text);
  cluster = openCluster(folder, {
    CHRONOSCOPE_LOG: standIn.url,
    CHRONOSCOPE_RULES: rulesPath,
    CHRONOSCOPE_WEBHOOK_URL: webhook,
  });
  await cluster.start('ingest', 'ingest');
  for (const name of ['alert-a', 'alert-b']) await cluster.start(name, 'alert');
  for (const name of ['notify-a', 'notify-b']) await cluster.start(name, 'notify');
}

async function send(service: string, count = 40, everyFails = 2): Promise<void> {
  const body = requestsOf(service, count, (index) => index % everyFails === 0);
  const answer = await post(cluster.get('ingest').origin, body, 'application/x-ndjson');
  expect(answer.status, await answer.text()).toBe(200);
}

async function recorded(): Promise<RecordedEvent[]> {
  const log = await openEventStoreLog({ url: standIn.url });
  try {
    return await eventsOf(log.read());
  } finally {
    await log.close();
  }
}

const firedFor = (events: readonly RecordedEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'AlertFired' ? [event.data.labels.service ?? ''] : [])).sort();

describe('processes with a role each, on one log (a stand-in for EventStoreDB)', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'a restart of one after the other, by %s, loses no alert and doubles none',
    { timeout: 120_000 },
    async (signal) => {
      const webhook = await openWebhook();
      await begin(webhook.url);
      const services: string[] = [];
      for (const name of ['alert-a', 'alert-b', 'notify-a', 'notify-b', 'ingest']) {
        const service = `while-${name}-restarts`;
        services.push(service);
        const sent = send(service);
        if (name === 'ingest') await sent;
        await cluster.end(name, signal);
        await sent;
        await cluster.again(name);
      }
      for (const service of services) await webhook.first(firingOf(service));
      expect(firedFor(await recorded())).toEqual([...services].sort());
      const told = webhook.told.filter(({ body }) => body.reason === 'fired');
      const ids = new Set(told.map(({ body }) => body.id));
      expect(ids.size).toBe(services.length);
      // Who is killed between the sending and its record cannot but send again, with the same id.
      if (signal === 'SIGTERM') expect(told).toHaveLength(services.length);
    },
  );

  it('whoever takes over decides what nobody has decided meanwhile, also what has passed by then', {
    timeout: 120_000,
  }, async () => {
    const webhook = await openWebhook();
    await begin(webhook.url);
    await send('before');
    await webhook.first(firingOf('before'));
    // It was the first; the other one has decided nothing so far, and keeps nothing of its own.
    await cluster.end('alert-a', 'SIGKILL');
    await send('meanwhile');
    // Long enough for the failures to be judged by themselves, had anybody been there.
    await timePasses(2_500);
    await send('meanwhile', 1_000, 1_000);
    await webhook.first(firingOf('meanwhile'));
    expect(firedFor(await recorded())).toEqual(['before', 'meanwhile']);
  });

  it('an alert ends in a log that has gone quiet, for time passes there too', {
    timeout: 60_000,
  }, async () => {
    const webhook = await openWebhook();
    await begin(webhook.url, rules.replace('keepFiringFor: 1h', 'keepFiringFor: 1s'));
    await send('bot');
    await webhook.first(firingOf('bot'));
    await send('bot', 1_000, 1_000);
    await webhook.first(firingOf('bot', 'resolved'));
    const types = (await recorded()).map(({ type }) => type);
    expect(types.filter((type) => type === 'AlertResolved')).toHaveLength(1);
    expect(types).toContain('ClockAdvanced');
  });
});

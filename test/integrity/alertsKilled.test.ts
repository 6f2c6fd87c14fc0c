import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isStep } from '../../src/domain/alerts/processor/judged.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { firingOf, openWebhook, requestsOf, settled } from '../support/alertWebhook.ts';
import { type LiveEngine, post, readLog, startEngine, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';

/** `KILL_ROUNDS=50 npx vitest run test/integrity/alertsKilled.test.ts` is the nightly form. */
const rounds = Number(process.env.KILL_ROUNDS ?? 5);

/** What lasts minutes with the built-in rules lasts seconds here. */
const rules = `
lateness: 200ms
idle: 1s
rules:
  - name: failing
    measure: error_rate
    by: [service]
    window: 5s
    every: 1s
    warning: { above: 20%, for: 0s }
    critical: { above: 80%, for: 0s }
    keepFiringFor: 1s
    noData: resolve
    minimumVolume: 3
    title: "{{service}} fails"
routes:
  - name: all
    groupBy: [service]
    groupWait: 200ms
    groupInterval: 1s
    repeatInterval: 4h
`;

let folder = '';
let remove = async () => {};
let engine: LiveEngine | undefined;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  await writeFile(join(folder, 'rules.yaml'), rules);
});
afterEach(async () => {
  engine?.program.kill('SIGKILL');
  await engine?.program.ended;
  await remove();
});

async function begin(url: string): Promise<LiveEngine> {
  engine = await startEngine(folder, {
    CHRONOSCOPE_WEBHOOK_URL: url,
    CHRONOSCOPE_RULES: join(folder, 'rules.yaml'),
  });
  return engine;
}

async function kill(running: LiveEngine): Promise<void> {
  running.program.kill('SIGKILL');
  await running.program.ended;
}

async function send(running: LiveEngine, service: string, failing = true, more: object = {}): Promise<void> {
  const body = requestsOf(service, 5, () => failing, more);
  const answer = await post(running.origin, body, 'application/x-ndjson');
  expect(answer.status, await answer.text()).toBe(200);
}

/** Sends failures until the engine is gone or the signal says that it is enough. */
async function keepFailing(running: LiveEngine, service: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await send(running, service);
    } catch {
      return;
    }
    await wait(50, undefined, { signal }).catch(() => undefined);
  }
}

const attemptsOf = (events: readonly RecordedEvent[], notification: string): RecordedEvent[] =>
  events.filter(({ data }) => 'notification' in data && data.notification === notification);

/** What arrived twice is a send of which nobody saw the end: after it, the log has another attempt. */
function expectToldOnce(told: readonly string[], events: readonly RecordedEvent[]): void {
  for (const id of new Set(told)) {
    const arrivals = told.filter((one) => one === id).length;
    const types = attemptsOf(events, id).map(({ type }) => type);
    const cutOff = types.filter(
      (type, index) => type === 'NotificationAttempted' && types[index + 1] === 'NotificationAttempted',
    ).length;
    expect(arrivals, `${id}: ${types.join()}`).toBeLessThanOrEqual(1 + cutOff);
    expect(arrivals, `${id}: ${types.join()}`).toBeLessThanOrEqual(2);
    expect(types.filter((type) => type === 'NotificationDelivered')).toHaveLength(1);
  }
}

function expectNoGaps(events: readonly RecordedEvent[]): void {
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const last = new Map<string, number>();
  for (const event of events) {
    if (!isStep(event)) continue;
    const { episode, number } = event.data;
    expect(number, JSON.stringify(event.data.labels)).toBe((last.get(episode) ?? 0) + 1);
    last.set(episode, number);
  }
}

describe('alerts of an engine that is killed', () => {
  it('are decided once and told of, as firing and as over', {
    timeout: 50_000 + rounds * 20_000,
  }, async () => {
    const webhook = await openWebhook();
    let running = await begin(webhook.url);
    for (let round = 0; round < rounds; round++) {
      const enough = new AbortController();
      const sending = keepFailing(running, 'bot', enough.signal);
      // Somewhere between a failure, the decision on it, and its being told.
      await wait(200 + Math.random() * 1_500);
      await kill(running);
      enough.abort();
      await sending;
      running = await begin(webhook.url);
    }
    const enough = new AbortController();
    const sending = keepFailing(running, 'bot', enough.signal);
    await webhook.first(firingOf('bot'));
    enough.abort();
    await sending;
    const fired = webhook.told.length;
    await webhook.first((body) => webhook.told.length > fired && firingOf('bot', 'resolved')(body));
    await settled(running);
    running.program.kill('SIGTERM');
    expect((await running.program.ended).code).toBe(0);

    const events = await readLog(folder);
    expectNoGaps(events);
    expectToldOnce(
      webhook.told.map(({ body }) => body.id),
      events,
    );
    const episodes = (type: string) =>
      new Set(
        events.flatMap((event) =>
          event.type === type && 'episode' in event.data ? [event.data.episode] : [],
        ),
      );
    const toldAs = (state: string) =>
      new Set(
        webhook.told.flatMap(({ body }) =>
          body.alerts.flatMap((alert: { state: string; episode: string }) =>
            alert.state === state ? [alert.episode] : [],
          ),
        ),
      );
    expect(episodes('AlertFired').size).toBeGreaterThan(0);
    expect(episodes('AlertResolved')).toEqual(episodes('AlertFired'));
    // Of what has come and gone before anybody could be told, nobody is.
    for (const episode of toldAs('firing')) expect(toldAs('resolved')).toContain(episode);
  });

  it('changed while it was down are told, and what has not changed is not told again', {
    timeout: 60_000,
  }, async () => {
    const webhook = await openWebhook();
    let running = await begin(webhook.url);
    const enough = new AbortController();
    const sending = keepFailing(running, 'bot', enough.signal);
    await webhook.first(firingOf('bot'));
    await settled(running);
    await kill(running);
    await sending;
    const before = webhook.told.length;
    const downSince = Date.now();

    running = await begin(webhook.url);
    // Still failing: there is nothing to tell of it. A moment ago another began, while nobody listened.
    await send(running, 'bot');
    await send(running, 'worker', true, { time: downSince });
    await send(running, 'worker');
    const other = await webhook.first(firingOf('worker'));
    const again = webhook.told.slice(before).filter(({ body }) => firingOf('bot')(body));
    expect(again.map(({ body }) => [body.reason, body.id])).toEqual([]);
    expect(other.body.reason).toBe('fired');
    await settled(running);
    await kill(running);
    // Both end while the engine is down, by nothing that is sent to it.
    await wait(6_000);
    running = await begin(webhook.url);
    await webhook.first(firingOf('bot', 'resolved'));
    await webhook.first(firingOf('worker', 'resolved'));
    await settled(running);
    running.program.kill('SIGTERM');
    await running.program.ended;
    const events = await readLog(folder);
    expectNoGaps(events);
    expectToldOnce(
      webhook.told.map(({ body }) => body.id),
      events,
    );
  });
});

import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtinRules } from '../../src/domain/alerts/rules/builtin.ts';
import { ask, firingOf, openWebhook, requestsOf, settled } from '../support/alertWebhook.ts';
import {
  adminKey,
  type LiveEngine,
  post,
  sqlRows,
  startEngine,
  temporaryFolder,
} from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';
import type { Answer } from '../support/reads.ts';

const secret = 'a-secret-that-only-the-receiver-knows'; // secrets:allow

let folder = '';
let remove = async () => {};
let engine: LiveEngine | undefined;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterEach(async () => {
  engine?.program.kill('SIGKILL');
  await engine?.program.ended;
  await remove();
});

async function begin(url: string, more: Readonly<Record<string, string>> = {}): Promise<LiveEngine> {
  const webhook = { CHRONOSCOPE_WEBHOOK_URL: url, CHRONOSCOPE_WEBHOOK_SECRET: secret };
  engine = await startEngine(folder, { ...webhook, ...more });
  return engine;
}

async function send(running: LiveEngine, service: string, count: number, failing = 0): Promise<void> {
  const body = requestsOf(service, count, (index) => index < failing);
  const answer = await post(running.origin, body, 'application/x-ndjson');
  expect(answer.status, await answer.text()).toBe(200);
}

function expectSigned(signature: string, text: string): void {
  const [, time = '', digest = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  expect(createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')).toBe(digest);
  expect(Math.abs(Date.now() / 1_000 - Number(time))).toBeLessThan(60);
}

describe('thirty of sixty requests that fail', () => {
  it('are told within ten seconds, signed, and shown wherever one looks', { timeout: 60_000 }, async () => {
    const webhook = await openWebhook();
    const running = await begin(webhook.url);
    const sentAt = Date.now();
    await send(running, 'bot', 60, 30);
    const { at, signature, text, body } = await webhook.first(firingOf('bot'));
    const tookMs = at - sentAt;
    expect(tookMs).toBeLessThan(10_000);
    expectSigned(signature, text);
    expect(body).toMatchObject({ version: 1, reason: 'fired', severity: 'critical', status: 'firing' });
    const told = body.alerts.find(({ rule }: Answer) => rule === 'error-rate');
    expect(told).toMatchObject({
      severity: 'critical',
      labels: { service: 'bot' },
      evidence: { value: 0.5 },
    });
    expect(told.title).toBe('bot: 50 % of requests fail');

    await settled(running);
    const { head } = (await ask(running, '/v1/positions')).body;
    const after = `after=${head}&wait=20s&project=default`;
    const { alerts } = (await ask(running, `/v1/alerts?state=firing&rule=error-rate&${after}`)).body;
    expect(alerts).toMatchObject([{ id: told.episode, severity: 'critical', value: 0.5, threshold: 0.1 }]);
    const status = (await ask(running, `/v1/status?${after}`)).body;
    expect(status.healthy).toBe(true);
    expect(status.alerts.firing.map(({ id }: Answer) => id)).toContain(told.episode);
    expect(
      await sqlRows(running, `SELECT state, severity FROM alerts WHERE episode = '${told.episode}'`),
    ).toEqual([['firing', 'critical']]);
    expect(
      await sqlRows(
        running,
        `SELECT channel, state, reason FROM notifications WHERE notification = '${body.id}'`,
      ),
    ).toEqual([['webhook', 'delivered', 'fired']]);

    const figures = await (
      await fetch(`${running.origin}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } })
    ).text();
    for (const figure of [
      /^chronoscope_alerts_firing\{severity="critical"\} [1-9]/m,
      /^chronoscope_alert_steps_total\{type="AlertFired"\} [1-9]/m,
      /^chronoscope_alert_decision_seconds_count [1-9]/m,
      /^chronoscope_alert_processor_lag_seconds 0/m,
      /^chronoscope_alert_series [1-9]/m,
      /^chronoscope_notifications_total\{channel="webhook",outcome="delivered"\} [1-9]/m,
      /^chronoscope_notification_seconds_count\{channel="webhook"\} [1-9]/m,
    ]) {
      expect(figures).toMatch(figure);
    }
  });
});

/** The same, told again after seconds instead of hours. */
const hasty = `${builtinRules.replaceAll('keepFiringFor: 2m', 'keepFiringFor: 1s')}
routes:
  - name: hasty
    groupBy: [rule, service]
    groupWait: 100ms
    groupInterval: 1s
    repeatInterval: 1s
`;

describe('what people say of an alert', () => {
  it('stops its repetitions, silences it, and ends it', { timeout: 60_000 }, async () => {
    await writeFile(join(folder, 'rules.yaml'), hasty);
    const webhook = await openWebhook();
    const running = await begin(webhook.url, { CHRONOSCOPE_RULES: join(folder, 'rules.yaml') });
    const since = (from: number, service: string) =>
      webhook.told.slice(from).filter(({ body }) => firingOf(service)(body));
    const episodeOf = (body: Answer, service: string): string =>
      body.alerts.find(({ rule, labels }: Answer) => rule === 'error-rate' && labels.service === service)
        ?.episode;
    const isOf = (service: string, reason: string) => (body: Answer) =>
      body.reason === reason && episodeOf(body, service) !== undefined;
    const head = async () => (await ask(running, '/v1/positions')).body.head;
    const query = async () => `project=default&after=${await head()}&wait=20s`;

    const silence = { matchers: ['service=quiet'], duration: '1h', comment: 'known' };
    const made = await ask(running, '/v1/silences?project=default', { method: 'POST', body: silence });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    await settled(running);
    await send(running, 'quiet', 60, 30);
    await send(running, 'bot', 60, 30);
    await webhook.first(isOf('bot', 'fired'));
    const repeated = await webhook.first(isOf('bot', 'repeated'));
    const id = episodeOf(repeated.body, 'bot');

    const path = `/v1/alerts/${id}`;
    const said = await ask(running, `${path}/acknowledge?${await query()}`, { method: 'POST', body: {} });
    expect(said.status, JSON.stringify(said.body)).toBe(200);
    const twice = await ask(running, `${path}/acknowledge?${await query()}`, { method: 'POST', body: {} });
    expect(twice.status).toBe(409);
    await settled(running);
    const acknowledgedAt = webhook.told.length;
    // Another one is told of meanwhile, twice: the acknowledged one would have been as well.
    await send(running, 'worker', 60, 30);
    await webhook.first(isOf('worker', 'fired'));
    await webhook.first(isOf('worker', 'repeated'));
    expect(since(acknowledgedAt, 'bot').filter(({ body }) => episodeOf(body, 'bot') !== undefined)).toEqual(
      [],
    );

    const resolved = await ask(running, `${path}/resolve?${await query()}`, { method: 'POST', body: {} });
    expect(resolved.status, JSON.stringify(resolved.body)).toBe(200);
    const over = await webhook.first(
      (body) =>
        body.reason === 'resolved' &&
        body.alerts.some((one: Answer) => one.episode === id && one.resolvedAt !== null),
    );
    expectSigned(over.signature, over.text);
    const { body } = await ask(running, `${path}?${await query()}`);
    expect(body).toMatchObject({ state: 'resolved' });
    expect(body.transitions.at(-1)).toMatchObject({ type: 'AlertResolved', cause: 'person' });

    expect(since(0, 'quiet')).toEqual([]);
    const kept = await sqlRows(
      running,
      "SELECT reason FROM notifications WHERE state = 'withheld' GROUP BY reason",
    );
    expect(kept.flat()).toEqual(expect.arrayContaining(['silenced', 'acknowledged']));
  });
});

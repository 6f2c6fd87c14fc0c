import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { alertEventTypes } from '../../src/domain/events/alerts.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { exampleEvents } from '../../src/domain/events/examples.ts';
import { projections } from '../../src/projections/catalogue.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';
import { evidence, script } from '../support/alertScript.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';

let real: Awaited<ReturnType<typeof temporaryEngine>>;
beforeAll(async () => {
  real = await temporaryEngine();
});
afterAll(() => real.close());

const minute = 60_000;
const start = Date.UTC(2026, 10, 24, 3);
const clock = () => start + 60 * minute;

/** Projects the events in stretches of so many and gives back a way to ask the views. */
async function project(events: readonly NewEvent[], stretch = events.length) {
  for (const database of ['chronoscope', 'chronoscope_store']) {
    await real.store.command(`DROP DATABASE IF EXISTS ${database}`);
  }
  const log = createMemoryLog({ clock });
  const runner = await createRunner({
    feed: log,
    store: real.store,
    checkpoints: createMemoryCheckpoints(),
    projections,
    clock,
    settings: { ...defaultProjectionSettings, lingerMs: 1 },
    observer: {
      inserted: () => undefined,
      failed: () => undefined,
      unprojectable: ({ reason }) => {
        throw new Error(reason);
      },
    },
  });
  runner.start();
  for (let from = 0; from < events.length; from += stretch) {
    const part = events.slice(from, from + stretch);
    const outcome = await log.append([{ stream: 'alerts', events: part, expected: 'any' }]);
    if (outcome.kind !== 'appended') throw new Error('a conflict nobody expected');
    expect(await runner.reached(outcome.position, 20_000)).toBe(true);
  }
  await runner.stop();
  return (sql: string) => real.store.query<Record<string, unknown>>(sql);
}

const first = script('request-errors', start);
const second = script('request-errors', start + 30 * minute);
const incident: readonly NewEvent[] = [
  first.suspected(start),
  first.fired(start + 2 * minute),
  first.step('AlertSeverityChanged', start + 3 * minute, {
    severity: 'critical',
    from: 'warning',
    title: 'worse',
  }),
  event('AlertAcknowledged', { occurredAt: start + 4 * minute, data: { episode: first.id, by: 'ann' } }),
  event('AlertAcknowledged', { occurredAt: start + 5 * minute, data: { episode: first.id, by: 'bob' } }),
  first.step('AlertRecoveryBegan', start + 6 * minute, { evidence: evidence({ value: 0.02 }) }),
  first.step('AlertRelapsed', start + 7 * minute, { evidence: evidence({ value: 0.2 }) }),
  first.resolved(start + 12 * minute),
  first.step('AlertAmended', start + 13 * minute, {
    amends: 2,
    lateEvents: 9,
    evidence: evidence({ value: 0.9 }),
  }),
  ...(['noise', 'real'] as const).map((verdict, index) =>
    event('AlertJudged', {
      occurredAt: start + (14 + index) * minute,
      data: { episode: first.id, rule: 'request-errors', verdict, by: 'ann' },
    }),
  ),
  second.suspected(start + 30 * minute),
  event('AlertJudged', {
    data: { episode: 'ep_forgotten', rule: 'request-errors', verdict: 'real', by: 'ann' },
  }),
];

describe('the view of alerts', () => {
  it('has one row an episode, as it stands', async () => {
    const ask = await project(incident);
    const rows = await ask('SELECT * FROM chronoscope.alerts ORDER BY started_at');
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      project: 'default',
      service: 'bot',
      episode: first.id,
      rule: 'request-errors',
      state: 'resolved',
      severity: 'critical',
      title: 'worse',
      labels: { project: 'default', service: 'bot' },
      time: '2026-11-24 03:02:00.000000',
      started_at: '2026-11-24 03:00:00.000000',
      fired_at: '2026-11-24 03:02:00.000000',
      resolved_at: '2026-11-24 03:12:00.000000',
      duration_ms: 10 * minute,
      value: 0.01,
      threshold: 0.1,
      transitions: '6',
      cause: 'recovered',
      acknowledged_by: 'ann',
      acknowledged_at: '2026-11-24 03:04:00.000000',
      verdict: 'real',
      position: '11',
    });
    expect(rows[1]).toMatchObject({
      episode: second.id,
      state: 'pending',
      severity: 'warning',
      title: '',
      time: '2026-11-24 03:30:00.000000',
      fired_at: '1970-01-01 00:00:00.000000',
      resolved_at: '1970-01-01 00:00:00.000000',
      duration_ms: 0,
      acknowledged_by: '',
      verdict: '',
    });
  });

  it('is the same in whatever stretches its events came', async () => {
    const views = ['alerts', 'alert_steps', 'notifications', 'timeline'];
    const dump = async (stretch: number) => {
      const ask = await project([...incident, ...exampleEvents().values()], stretch);
      return await Promise.all(views.map((view) => ask(`SELECT * FROM chronoscope.${view} ORDER BY ALL`)));
    };
    const whole = await dump(1_000);
    expect(await dump(1)).toEqual(whole);
    expect(await dump(3)).toEqual(whole);
  });
});

describe('the view of notifications', () => {
  it('has one row a notification as it stands, and one for each that was kept back', async () => {
    const ask = await project([...exampleEvents().values()]);
    expect(await ask('SELECT * EXCEPT id FROM chronoscope.notifications ORDER BY time')).toMatchObject([
      {
        channel: 'telegram',
        route: 'default',
        reason: 'fired',
        severity: 'warning',
        state: 'delivered',
        attempts: '1',
        requested_at: '2026-01-31 12:02:00.000000',
        delivered_at: '2026-01-31 12:02:03.600000',
        took_ms: 182.4,
        answer: 'message 5120',
        last_error: '429 Too Many Requests: retry after 3',
        rules: ['request-errors'],
        alert_count: '1',
      },
      { channel: '', state: 'withheld', reason: 'silenced', attempts: '0', rules: [] },
    ]);
    const [row] = await ask('SELECT uniqExact(episodes) AS n FROM chronoscope.notifications');
    expect(row).toEqual({ n: '1' });
  });
});

describe('the timeline', () => {
  it('tells of alerts and notifications among all else', async () => {
    const ask = await project([...exampleEvents().values()]);
    const lines = await ask(
      `SELECT kind, status, title, service FROM chronoscope.timeline
WHERE kind IN ('alert', 'notification') AND project = 'shop' ORDER BY time, position`,
    );
    expect(lines).toContainEqual({
      kind: 'alert',
      status: 'firing',
      title: 'AlertFired bot: 8.0 % of requests fail',
      service: 'bot',
    });
    expect(lines).toContainEqual({
      kind: 'notification',
      status: 'delivered',
      title: 'telegram fired request-errors',
      service: 'chronoscope',
    });
    const untold = ['RulesChanged', 'EngineStarted', 'ClockAdvanced', 'SilenceCreated', 'SilenceEnded'];
    const notified = alertEventTypes.filter((type) => type.startsWith('Notification'));
    expect(lines.filter(({ kind }) => kind === 'alert')).toHaveLength(
      alertEventTypes.length - untold.length - notified.length,
    );
  });
});

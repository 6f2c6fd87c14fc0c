import { createAlertCommands } from '../../src/api/alertCommands.ts';
import { alertRoutes } from '../../src/api/http/alerts/routes.ts';
import type { AlertFlags } from '../../src/api/http/alerts/shapes.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import { evidence, script } from './alertScript.ts';
import { event } from './events.ts';
import { type Answer, openReading, present } from './reads.ts';
import { as } from './server.ts';

/** The reading side with alerts of every state in it, and the doors by which people do something about them. */

export const minute = 60_000;
export const at = (minutesAgo: number): number => present - minutesAgo * minute;
export const iso = (time: number): string => new Date(time).toISOString();

export const errors = script('request-errors', at(30));
export const slow = script('slow-requests', at(50), { labels: { service: 'shop', operation: 'checkout' } });
export const pending = script('new-error', at(2));
export const brief = script('job-failed', at(20));
export const long = script('database-health', at(600), { labels: { service: 'db' } });
export const foreign = script('request-errors', at(30), { project: 'other' });
export const past = script('request-errors', at(3_000));

const paged = (over: object = {}) => ({
  notification: 'n-1',
  channel: 'telegram',
  route: 'default',
  reason: 'fired',
  group: 'g',
  groupLabels: {},
  severity: 'warning',
  alerts: [
    {
      episode: errors.id,
      rule: 'request-errors',
      labels: {},
      severity: 'warning',
      state: 'firing',
      title: 'x',
      since: at(30),
    },
  ],
  more: 0,
  ...over,
});
const told = { notification: 'n-1', channel: 'telegram' };

export async function openAlerts() {
  const flags = new Map<string, AlertFlags>();
  const newId = createUuidV7Factory({ now: Date.now, randomBytes: (n) => new Uint8Array(n).fill(7) });
  const engine = await openReading({
    routes: (app, { log, store, runner, clock }) => {
      const redactText = (text: string) => text.replaceAll('hunter2', '[password]');
      alertRoutes(app, {
        log,
        store,
        runner,
        clock,
        redactText,
        commands: createAlertCommands({ log, clock, newId, redactText }),
        flagsOf: (episode) => flags.get(episode),
      });
    },
  });
  engine.setClock(present - 10);
  await engine.take([
    past.fired(at(3_000), { severity: 'critical' }),
    past.resolved(at(2_990)),
    long.suspected(at(600), 'critical'),
    long.fired(at(595), { severity: 'critical' }),
    slow.fired(at(50)),
    slow.step('AlertRecoveryBegan', at(40)),
    errors.suspected(at(30)),
    errors.fired(at(28), {
      evidence: evidence({
        deploys: [{ time: at(33), service: 'bot', name: 'v2' }],
        related: [
          {
            episode: long.id,
            rule: 'database-health',
            labels: { service: 'db' },
            severity: 'critical',
            since: at(600),
          },
        ],
      }),
    }),
    event('NotificationRequested', { occurredAt: at(28), data: paged() }),
    event('NotificationAttempted', { occurredAt: at(28), data: { ...told, attempt: 1 } }),
    event('NotificationRefused', {
      occurredAt: at(28),
      data: { ...told, attempt: 1, reason: 'busy', retryAt: at(27) },
    }),
    event('NotificationAttempted', { occurredAt: at(27), data: { ...told, attempt: 2 } }),
    event('NotificationDelivered', { occurredAt: at(27), data: { ...told, attempt: 2, tookMs: 90 } }),
    brief.suspected(at(20)),
    brief.step('AlertDismissed', at(19)),
    foreign.fired(at(28), { title: 'leak' }),
  ]);
  engine.setClock(present);
  await engine.take([
    errors.step('AlertSeverityChanged', at(25), {
      severity: 'critical',
      from: 'warning',
      title: 'request-errors, badly',
    }),
    errors.step('AlertAmended', at(24), { amends: 2, lateEvents: 3, evidence: evidence({ value: 0.9 }) }),
    event('NotificationWithheld', {
      occurredAt: at(20),
      data: { episode: errors.id, route: 'default', reason: 'silenced', because: 'sil_1' },
    }),
    errors.step('AlertDataLost', at(23), { reason: 'no_traffic', evidence: evidence({ value: undefined }) }),
    pending.suspected(at(2)),
  ]);

  async function send(method: 'POST' | 'DELETE', path: string, payload?: object, key = 'power_user@default') {
    const answer = await engine.app.inject({
      method,
      url: path,
      headers: as(key),
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, body: answer.json() as Answer };
  }

  return { ...engine, flags, send };
}

export type AlertEngine = Awaited<ReturnType<typeof openAlerts>>;

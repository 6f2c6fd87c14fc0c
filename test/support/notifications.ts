import { idFrom, notificationStream } from '../../src/domain/alerts/identity.ts';
import type { EventData, EventType } from '../../src/domain/events/catalogue.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { asPosition } from '../../src/domain/position.ts';
import type { StreamAppend } from '../../src/projections/ports.ts';

type Request = EventData<'NotificationRequested'>;

export interface Wanted {
  channel?: string;
  group?: string;
  severity?: Request['severity'];
  state?: 'firing' | 'resolved';
}

export function request(notification: string, wanted: Wanted = {}): Request {
  const { channel = 'slack', group = notification, severity = 'warning', state = 'firing' } = wanted;
  const alert = {
    episode: `ep_${group}`,
    rule: 'errors',
    labels: {},
    severity,
    state,
    title: 'Errors',
    since: 0,
  };
  const reason = state === 'firing' ? 'fired' : 'resolved';
  const rest = { groupLabels: {}, alerts: [alert], more: 0 };
  return { notification, channel, route: 'all', reason, group, severity, ...rest };
}

export const requestAppend = (notification: string, wanted?: Wanted): StreamAppend => ({
  stream: notificationStream(notification),
  expected: 'none',
  events: [
    {
      id: idFrom(`request ${notification}`),
      type: 'NotificationRequested',
      version: 1,
      occurredAt: 1_000,
      project: 'shop',
      service: 'chronoscope',
      data: request(notification, wanted),
    },
  ],
});

let recorded = 0;

/** As the log gives it back, taken at `at`. */
export function recordedAs<T extends EventType>(type: T, data: EventData<T>, at: number): RecordedEvent {
  recorded += 1;
  const envelope = { id: idFrom(`${recorded}`), version: 1, occurredAt: at, project: 'shop', service: 'x' };
  return {
    ...envelope,
    type,
    data,
    recordedAt: at,
    position: asPosition(`${recorded}`),
    stream: 'x',
  } as RecordedEvent;
}

export const requested = (notification: string, at: number, wanted?: Wanted): RecordedEvent =>
  recordedAs('NotificationRequested', request(notification, wanted), at);

export const attempted = (
  notification: string,
  attempt: number,
  at: number,
  channel = 'slack',
): RecordedEvent => recordedAs('NotificationAttempted', { notification, channel, attempt }, at);

export const delivered = (
  notification: string,
  attempt: number,
  at: number,
  channel = 'slack',
): RecordedEvent => recordedAs('NotificationDelivered', { notification, channel, attempt, tookMs: 5 }, at);

export const refused = (
  notification: string,
  attempt: number,
  at: number,
  then: { retryAt?: number; pausedUntil?: number; channel?: string } = {},
): RecordedEvent => {
  const { channel = 'slack', ...times } = then;
  return recordedAs(
    'NotificationRefused',
    { notification, channel, attempt, reason: 'HTTP 503', ...times },
    at,
  );
};

import type { EventData } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Projection } from '../projection.ts';
import type { RowWriter } from '../rowBinary.ts';
import { eventColumns, float, instant, lowCardinality, text, whole, writeEvent } from './columns.ts';

type NotificationType =
  | 'NotificationRequested'
  | 'NotificationAttempted'
  | 'NotificationDelivered'
  | 'NotificationRefused'
  | 'NotificationWithheld';

const stateAfter: Readonly<Record<NotificationType, string>> = {
  NotificationRequested: 'requested',
  NotificationAttempted: 'attempted',
  NotificationDelivered: 'delivered',
  NotificationRefused: 'refused',
  NotificationWithheld: 'withheld',
};

const stringList = (name: string) => ({ name, type: 'Array(String)', codec: 'ZSTD(1)' }) as const;

const rowColumns = [
  text('notification'),
  lowCardinality('state'),
  lowCardinality('channel'),
  lowCardinality('route'),
  lowCardinality('reason'),
  text('because'),
  lowCardinality('severity'),
  stringList('episodes'),
  stringList('rules'),
  whole('alert_count'),
  whole('attempt'),
  float('took_ms'),
  text('answer'),
  text('error'),
  instant('retry_at'),
];

const latest = (column: string, when: string): string => `argMaxIf(n.${column}, n.position, ${when})`;
const isFirst = "n.state IN ('requested', 'withheld')";
const isDelivered = "n.state = 'delivered'";

/** Notifications as they stand, from the rows of a table that fit. */
export const notificationsSql = (table: string, where = '1'): string =>
  `SELECT n.project AS project, argMin(n.service, n.position) AS service, min(n.time) AS time,
  argMax(n.recorded_at, n.position) AS recorded_at, max(n.position) AS position, argMax(n.id, n.position) AS id,
  n.notification AS notification, ${latest('channel', "n.channel != ''")} AS channel, ${latest('route', isFirst)} AS route,
  ${latest('reason', isFirst)} AS reason, ${latest('because', isFirst)} AS because, ${latest('severity', isFirst)} AS severity,
  argMax(n.state, n.position) AS state, countIf(n.state = 'attempted') AS attempts,
  minIf(n.time, n.state = 'requested') AS requested_at, maxIf(n.time, ${isDelivered}) AS delivered_at,
  ${latest('took_ms', isDelivered)} AS took_ms, ${latest('answer', isDelivered)} AS answer,
  ${latest('error', "n.error != ''")} AS last_error, argMax(n.retry_at, n.position) AS retry_at,
  ${latest('episodes', isFirst)} AS episodes, ${latest('rules', isFirst)} AS rules, ${latest('alert_count', isFirst)} AS alert_count
FROM ${table} AS n WHERE ${where} GROUP BY n.project, n.notification`;

/** What was told to people, and what was kept from them, one row an event; a notification is what its rows add up to. */
export const notifications: Projection = {
  name: 'notifications',
  version: 1,
  types: Object.keys(stateAfter) as NotificationType[],
  source: {
    name: 'notification_steps',
    columns: [...eventColumns, ...rowColumns],
    orderBy: 'project, notification, position',
    indexes: ['ix_episodes episodes TYPE bloom_filter(0.02) GRANULARITY 1'],
    retention: 'hours',
  },
  write: (event, out) => {
    if (!isNotification(event)) return false;
    writeEvent(event, undefined, out);
    writeRow(rowOf(event), out);
    return true;
  },
  derived: [],
  derivations: [],
  views: [{ name: 'notifications', select: notificationsSql('{notification_steps}') }],
};

const isNotification = (event: RecordedEvent): event is RecordedEvent<NotificationType> =>
  event.type in stateAfter;

interface Row {
  notification: string;
  state: string;
  channel?: string;
  route?: string;
  reason?: string;
  because?: string | undefined;
  alerts?: EventData<'NotificationRequested'>['alerts'];
  episode?: string;
  more?: number;
  severity?: string;
  attempt?: number;
  tookMs?: number;
  answer?: string | undefined;
  error?: string;
  retryAt?: number | undefined;
}

function rowOf(event: RecordedEvent<NotificationType>): Row {
  const state = stateAfter[event.type];
  switch (event.type) {
    case 'NotificationRequested':
    case 'NotificationAttempted':
    case 'NotificationDelivered':
      return { ...event.data, state };
    case 'NotificationRefused': {
      const { reason: error, ...data } = event.data;
      return { ...data, error, state };
    }
    case 'NotificationWithheld':
      // It never came to be a notification, so it has no other name than that of the event.
      return { ...event.data, notification: event.id, state };
  }
}

function writeRow(row: Row, out: RowWriter): void {
  const { alerts = [], episode, more = 0 } = row;
  out.string(row.notification);
  out.string(row.state);
  out.string(row.channel ?? '');
  out.string(row.route ?? '');
  out.string(row.reason ?? '');
  out.string(row.because ?? '');
  out.string(row.severity ?? '');
  out.strings(episode === undefined ? alerts.map((alert) => alert.episode) : [episode]);
  out.strings([...new Set(alerts.map(({ rule }) => rule))]);
  out.uint64(episode === undefined ? alerts.length + more : 1);
  out.uint64(row.attempt ?? 0);
  out.float64(row.tookMs ?? 0);
  out.string(row.answer ?? '');
  out.string(row.error ?? '');
  out.micros(row.retryAt ?? 0);
}

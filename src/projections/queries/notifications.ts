import { notificationsSql } from '../readModels/notifications.ts';
import { and, sql } from '../sql.ts';
import { type Presence, presenceOf } from './alerts.ts';
import type { Reader } from './reader.ts';
import { micros } from './selection.ts';

/** A notification as it stands; times are epoch milliseconds. */
export interface AlertNotification {
  id: string;
  channel: string;
  route: string;
  reason: string;
  because: string;
  severity: string;
  state: 'requested' | 'attempted' | 'delivered' | 'refused' | 'withheld';
  attempts: number;
  time: number;
  deliveredAt: number | undefined;
  tookMs: number | undefined;
  lastError: string;
  retryAt: number | undefined;
}

interface Row {
  notification: string;
  channel: string;
  route: string;
  reason: string;
  because: string;
  severity: string;
  state: AlertNotification['state'];
  attempts: string;
  at: string;
  delivered: string;
  took_ms: number;
  last_error: string;
  retry: string;
}

/** What people were told about an episode, and what was kept from them, in the order in which it was decided. */
export async function readAlertNotifications(
  reader: Reader,
  presence: Presence,
  episode: string,
): Promise<AlertNotification[]> {
  const rows = await reader.rows<Row>((table) => {
    const steps = table('notification_steps');
    const about = and([...presenceOf(presence), sql`has(episodes, ${episode})`]).text;
    const where = and([
      ...presenceOf(presence, 'n.'),
      `n.notification IN (SELECT notification FROM ${steps} WHERE ${about})`,
    ]).text;
    return `SELECT notification, channel, route, reason, because, severity, state, attempts, ${micros('time')} AS at,
  ${micros('delivered_at')} AS delivered, took_ms, last_error, ${micros('retry_at')} AS retry
FROM (${notificationsSql(steps, where)}) ORDER BY time, position`;
  });
  return rows.map((row) => ({
    id: row.notification,
    channel: row.channel,
    route: row.route,
    reason: row.reason,
    because: row.because,
    severity: row.severity,
    state: row.state,
    attempts: Number(row.attempts),
    time: Number(row.at) / 1_000,
    deliveredAt: row.delivered === '0' ? undefined : Number(row.delivered) / 1_000,
    tookMs: row.delivered === '0' ? undefined : row.took_ms,
    lastError: row.last_error,
    retryAt: row.retry === '0' ? undefined : Number(row.retry) / 1_000,
  }));
}

import type { AlertEventType, Evidence } from '../../domain/events/alerts.ts';
import { and, sql } from '../sql.ts';
import { type Presence, presenceOf } from './alerts.ts';
import type { Reader } from './reader.ts';
import { micros } from './selection.ts';

/** One row of an episode's history, with the event's own data. */
export interface AlertStep {
  type: AlertEventType;
  number: number;
  state: string;
  severity: string;
  /** Epoch milliseconds, like the other times. */
  time: number;
  recordedAt: number;
  position: string;
  data: StepDetails;
}

/** What the types of steps carry; each has some of it. */
export interface StepDetails {
  title?: string;
  cause?: string;
  reason?: string;
  from?: string;
  by?: string;
  comment?: string;
  verdict?: string;
  duplicateOf?: string;
  amends?: number;
  lateEvents?: number;
  playbook?: string[];
  annotations?: Record<string, string>;
  evidence?: Evidence;
}

interface Row {
  type: AlertEventType;
  number: string;
  state: string;
  severity: string;
  at: string;
  recorded: string;
  position: string;
  details: string;
}

/** Everything that was decided and said about an episode, in the order in which it was recorded. */
export async function readAlertHistory(
  reader: Reader,
  presence: Presence,
  episode: string,
): Promise<AlertStep[]> {
  const conditions = and([...presenceOf(presence), sql`episode = ${episode}`]);
  const rows = await reader.rows<Row>(
    (
      table,
    ) => `SELECT type, number, state, severity, ${micros('time')} AS at, ${micros('recorded_at')} AS recorded,
  position, details FROM ${table('alert_steps')} WHERE ${conditions.text} ORDER BY position`,
  );
  return rows.map(({ type, number, state, severity, at, recorded, position, details }) => ({
    type,
    number: Number(number),
    state,
    severity,
    time: Number(at) / 1_000,
    recordedAt: Number(recorded) / 1_000,
    position,
    data: JSON.parse(details) as StepDetails,
  }));
}

import type { Window } from '../../domain/window.ts';
import { type Raw, raw, sql, time } from '../sql.ts';

/** What a read is about. */
export interface Selection {
  project: string;
  service?: string | undefined;
  operation?: string | undefined;
  window: Window;
  /** Only what had been recorded by then. */
  asOf?: number | undefined;
}

/** Conditions on a table of raw events for some stretches of time. */
export function rawConditions(selection: Selection, ...ranges: readonly Window[]): string[] {
  const within = ranges.map(({ from, to }) => sql`time >= ${time(from)} AND time < ${time(to)}`);
  const conditions = [...nameConditions(selection), within.join(' OR ')];
  if (selection.asOf !== undefined) conditions.push(sql`recorded_at <= ${time(selection.asOf)}`);
  return conditions;
}

/** The same for a column that holds the start of a step. */
export const withinSteps = (column: string, ranges: readonly Window[]): string =>
  ranges
    .map(({ from, to }) => `${column} >= ${second(from).text} AND ${column} < ${second(to).text}`)
    .join(' OR ');

export function nameConditions({ project, service, operation }: Selection): string[] {
  const conditions = [sql`project = ${project}`];
  if (service !== undefined) conditions.push(sql`service = ${service}`);
  if (operation !== undefined) conditions.push(sql`operation = ${operation}`);
  return conditions;
}

/** A literal for a column of whole seconds. */
export const second = (epochMs: number): Raw => raw(`toDateTime(${Math.round(epochMs / 1_000)}, 'UTC')`);

/** Epoch microseconds, the one form of a time that every store writes alike. */
export const micros = (column: string): string => `toUnixTimestamp64Micro(${column})`;

/** RFC 3339 from epoch microseconds; the microseconds only where there are any. */
export function rfc3339(epochMicros: number): string {
  const rest = epochMicros % 1_000;
  const text = new Date((epochMicros - rest) / 1_000).toISOString();
  return rest === 0 ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

export const timeOf = (epochMs: number): string => rfc3339(Math.round(epochMs * 1_000));

/** A quotient that is 0, not undefined, when there was nothing. */
export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** How much more there is than before, as a fraction; 1 when there was nothing before. */
export const changeOf = (present: number, previous: number): number =>
  previous === 0 ? (present === 0 ? 0 : 1) : (present - previous) / previous;

import { raw, sql } from '../sql.ts';
import { micros, rfc3339 } from './selection.ts';

/** What every search tells of a row that it has found. */
export interface Found {
  time: string;
  recordedAt: string;
  position: string;
  id: string;
  service: string;
  requestId?: string;
  traceId?: string;
  userId?: string;
  attributes: Record<string, string>;
}

export interface FoundRow {
  at: string;
  recorded: string;
  position: string;
  id: string;
  service: string;
  request_id: string;
  trace_id: string;
  user_id: string;
  attributes: Record<string, string>;
}

/** Besides `at` and `position`, which every page has. */
export const foundColumns = `${micros('recorded_at')} AS recorded, id, service,
  request_id, trace_id, user_id, attributes`;

export const foundOf = (row: FoundRow): Found => ({
  time: rfc3339(Number(row.at)),
  recordedAt: rfc3339(Number(row.recorded)),
  position: row.position,
  id: row.id,
  service: row.service,
  attributes: row.attributes,
  ...(row.request_id && { requestId: row.request_id }),
  ...(row.trace_id && { traceId: row.trace_id }),
  ...(row.user_id && { userId: row.user_id }),
});

/** Columns that have to hold the values given; what is undefined was not asked for. */
export const holding = (wanted: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(wanted).flatMap(([column, value]) =>
    value === undefined ? [] : [sql`${raw(column)} = ${value}`],
  );

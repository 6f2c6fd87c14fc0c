import type { Status } from '../../domain/events/catalogue.ts';
import { sql } from '../sql.ts';
import { type Page, type PageOptions, readPage } from './pages.ts';
import type { Reader } from './reader.ts';
import { textConditions } from './searchText.ts';
import { micros, rfc3339, type Selection } from './selection.ts';

export interface RequestFilter {
  text?: string | undefined;
  status?: Status | undefined;
  user?: string | undefined;
  errorCode?: string | undefined;
  traceId?: string | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
}

export interface FoundRequest {
  time: string;
  recordedAt: string;
  position: string;
  id: string;
  service: string;
  operation: string;
  status: Status;
  durationMs: number;
  requestId?: string;
  traceId?: string;
  userId?: string;
  errorCode?: string;
  errorMessage?: string;
  attributes: Record<string, string>;
}

interface Row {
  at: string;
  recorded: string;
  position: string;
  id: string;
  service: string;
  operation: string;
  status: Status;
  duration_ms: number;
  request_id: string;
  trace_id: string;
  user_id: string;
  error_code: string;
  error_message: string;
  attributes: Record<string, string>;
}

const columns = `${micros('recorded_at')} AS recorded, id, service, operation, status, duration_ms,
  request_id, trace_id, user_id, error_code, error_message, attributes`;

/** The newest requests that fit, and where the next page goes on. */
export async function searchRequests(
  reader: Reader,
  selection: Selection,
  filter: RequestFilter,
  options: PageOptions,
): Promise<Page<FoundRequest>> {
  const source = { table: 'requests', columns, conditions: conditionsOf(filter) };
  const { rows, next } = await readPage<Row>(reader, selection, source, options);
  return { rows: rows.map(requestOf), next };
}

function conditionsOf(filter: RequestFilter): string[] {
  const { text, status, user, errorCode, traceId, minDurationMs, maxDurationMs } = filter;
  return [
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(user === undefined ? [] : [sql`user_id = ${user}`]),
    ...(errorCode === undefined ? [] : [sql`error_code = ${errorCode}`]),
    ...(traceId === undefined ? [] : [sql`trace_id = ${traceId}`]),
    ...(minDurationMs === undefined ? [] : [sql`duration_ms >= ${minDurationMs}`]),
    ...(maxDurationMs === undefined ? [] : [sql`duration_ms <= ${maxDurationMs}`]),
    ...(text === undefined ? [] : textConditions('error_message', text)),
  ];
}

const requestOf = (row: Row): FoundRequest => ({
  time: rfc3339(Number(row.at)),
  recordedAt: rfc3339(Number(row.recorded)),
  position: row.position,
  id: row.id,
  service: row.service,
  operation: row.operation,
  status: row.status,
  durationMs: row.duration_ms,
  attributes: row.attributes,
  ...(row.request_id && { requestId: row.request_id }),
  ...(row.trace_id && { traceId: row.trace_id }),
  ...(row.user_id && { userId: row.user_id }),
  ...(row.error_code && { errorCode: row.error_code }),
  ...(row.error_message && { errorMessage: row.error_message }),
});

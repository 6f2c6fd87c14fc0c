import type { LogLevel } from '../../domain/events/catalogue.ts';
import { sql } from '../sql.ts';
import { type Page, type PageOptions, readPage } from './pages.ts';
import type { Reader } from './reader.ts';
import { textConditions } from './searchText.ts';
import { micros, rfc3339, type Selection } from './selection.ts';

export interface LogFilter {
  text?: string | undefined;
  level?: LogLevel | undefined;
  user?: string | undefined;
  requestId?: string | undefined;
  traceId?: string | undefined;
}

export interface FoundLog {
  time: string;
  recordedAt: string;
  position: string;
  id: string;
  service: string;
  level: LogLevel;
  message: string;
  operation?: string;
  requestId?: string;
  traceId?: string;
  userId?: string;
  attributes: Record<string, string>;
}

interface Row {
  at: string;
  recorded: string;
  position: string;
  id: string;
  service: string;
  level: LogLevel;
  message: string;
  operation: string;
  request_id: string;
  trace_id: string;
  user_id: string;
  attributes: Record<string, string>;
}

const columns = `${micros('recorded_at')} AS recorded, id, service, level, message,
  operation, request_id, trace_id, user_id, attributes`;

/** The newest log lines that fit, and where the next page goes on. */
export async function searchLogs(
  reader: Reader,
  selection: Selection,
  filter: LogFilter,
  options: PageOptions,
): Promise<Page<FoundLog>> {
  const source = { table: 'logs', columns, conditions: conditionsOf(filter) };
  const { rows, next } = await readPage<Row>(reader, selection, source, options);
  return { rows: rows.map(logOf), next };
}

function conditionsOf({ text, level, user, requestId, traceId }: LogFilter): string[] {
  return [
    ...(level === undefined ? [] : [sql`level = ${level}`]),
    ...(user === undefined ? [] : [sql`user_id = ${user}`]),
    ...(requestId === undefined ? [] : [sql`request_id = ${requestId}`]),
    ...(traceId === undefined ? [] : [sql`trace_id = ${traceId}`]),
    ...(text === undefined ? [] : textConditions('message', text)),
  ];
}

const logOf = (row: Row): FoundLog => ({
  time: rfc3339(Number(row.at)),
  recordedAt: rfc3339(Number(row.recorded)),
  position: row.position,
  id: row.id,
  service: row.service,
  level: row.level,
  message: row.message,
  attributes: row.attributes,
  ...(row.operation && { operation: row.operation }),
  ...(row.request_id && { requestId: row.request_id }),
  ...(row.trace_id && { traceId: row.trace_id }),
  ...(row.user_id && { userId: row.user_id }),
});

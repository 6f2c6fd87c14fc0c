import type { LogLevel } from '../../domain/events/catalogue.ts';
import { type Found, type FoundRow, foundColumns, foundOf, holding } from './foundRow.ts';
import { type Page, type PageOptions, readPage } from './pages.ts';
import type { Reader } from './reader.ts';
import { textConditions } from './searchText.ts';
import type { Selection } from './selection.ts';

export interface LogFilter {
  text?: string | undefined;
  level?: LogLevel | undefined;
  user?: string | undefined;
  requestId?: string | undefined;
  traceId?: string | undefined;
}

export interface FoundLog extends Found {
  level: LogLevel;
  message: string;
  operation?: string;
}

interface Row extends FoundRow {
  level: LogLevel;
  message: string;
  operation: string;
}

const columns = `${foundColumns}, level, message, operation`;

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

const conditionsOf = ({ text, level, user, requestId, traceId }: LogFilter): string[] => [
  ...holding({ level, user_id: user, request_id: requestId, trace_id: traceId }),
  ...(text === undefined ? [] : textConditions('message', text)),
];

const logOf = (row: Row): FoundLog => ({
  ...foundOf(row),
  level: row.level,
  message: row.message,
  ...(row.operation && { operation: row.operation }),
});

import type { Status } from '../../domain/events/catalogue.ts';
import { sql } from '../sql.ts';
import { type Found, type FoundRow, foundColumns, foundOf, holding } from './foundRow.ts';
import { type Page, type PageOptions, readPage } from './pages.ts';
import type { Reader } from './reader.ts';
import { textConditions } from './searchText.ts';
import type { Selection } from './selection.ts';

export interface RequestFilter {
  text?: string | undefined;
  status?: Status | undefined;
  user?: string | undefined;
  errorCode?: string | undefined;
  traceId?: string | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
}

export interface FoundRequest extends Found {
  operation: string;
  status: Status;
  durationMs: number;
  errorCode?: string;
  errorMessage?: string;
}

interface Row extends FoundRow {
  operation: string;
  status: Status;
  duration_ms: number;
  error_code: string;
  error_message: string;
}

const columns = `${foundColumns}, operation, status, duration_ms, error_code, error_message`;

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
    ...holding({ status, user_id: user, error_code: errorCode, trace_id: traceId }),
    ...(minDurationMs === undefined ? [] : [sql`duration_ms >= ${minDurationMs}`]),
    ...(maxDurationMs === undefined ? [] : [sql`duration_ms <= ${maxDurationMs}`]),
    ...(text === undefined ? [] : textConditions('error_message', text)),
  ];
}

const requestOf = (row: Row): FoundRequest => ({
  ...foundOf(row),
  operation: row.operation,
  status: row.status,
  durationMs: row.duration_ms,
  ...(row.error_code && { errorCode: row.error_code }),
  ...(row.error_message && { errorMessage: row.error_message }),
});

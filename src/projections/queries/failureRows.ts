import type { Window } from '../../domain/window.ts';
import { and, raw, sql } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import { rawConditions, type Selection } from './selection.ts';

/** How far around a failing request its captured error may lie. */
const nearbyMs = 300_000;

/**
 * What counts as an error of a stretch of time: every captured error, and every failing request of which no error
 * was captured (in that time or within five minutes of it), so that a request that reported both counts once.
 */
export function failureRows(table: TableNamer, selection: Selection, window: Window): string {
  const failures = table('failures');
  const around = { from: window.from - nearbyMs, to: window.to + nearbyMs };
  const captured = and([...rawConditions(selection, around), "source = 'error'", "request_id != ''"]);
  const notCaptured = sql`source = 'error' OR request_id = ''
  OR sipHash64(request_id) NOT IN (SELECT sipHash64(request_id) FROM ${raw(failures)} WHERE ${captured})`;
  return `FROM ${failures} WHERE ${and([...rawConditions(selection, window), notCaptured]).text}`;
}

import type { Window } from '../../domain/window.ts';
import { and, raw, sql } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import { rawConditions, type Selection } from './selection.ts';

/** How far around a failing request its captured error may lie. */
const nearbyMs = 300_000;

/** Everything that failed in a stretch of time, requests that also reported their error included. */
export const failureRows = (
  table: TableNamer,
  selection: Selection,
  window: Window,
  more: readonly string[] = [],
): string => `FROM ${table('failures')} WHERE ${and([...rawConditions(selection, window), ...more]).text}`;

/**
 * Whether a row counts as an error: every captured one does, and every failing request of which no error was captured
 * within five minutes of the window, so that a request that reported both counts once.
 */
export function countsOnce(table: TableNamer, selection: Selection, window: Window): string {
  const around = { from: window.from - nearbyMs, to: window.to + nearbyMs };
  const captured = failureRows(table, selection, around, ["source = 'error'", "request_id != ''"]);
  // Numbers are compared several times as fast as texts.
  return sql`(source = 'error' OR request_id = ''
  OR sipHash64(request_id) NOT IN (SELECT sipHash64(request_id) ${raw(captured)}))`;
}

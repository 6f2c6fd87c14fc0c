import type { Window } from '../../domain/window.ts';
import { sql } from '../sql.ts';
import { failureRows } from './failureRows.ts';
import type { Reader } from './reader.ts';
import type { Selection } from './selection.ts';

/** What a group of errors is shown by. */
export interface Newest {
  errorCode: string;
  message: string;
  requestIds: string[];
}

interface Row {
  fingerprint: string;
  error_code: string;
  message: string;
  request_id: string;
}

const samples = 5;
/** Groups that are worth showing are seen again soon: the first look takes in the last part of the window only. */
const firstLook = 30;

/** The words of the newest occurrence of each group, and the newest request ids. */
export async function readNewest(
  reader: Reader,
  selection: Selection,
  groups: ReadonlyMap<string, number>,
): Promise<Map<string, Newest>> {
  const { from, to } = selection.window;
  const middle = to - (to - from) / firstLook;
  const found = new Map<string, Newest>();
  await look(reader, selection, { from: middle, to }, [...groups.keys()], found);
  const wanting = [...groups].filter(([fingerprint, count]) => {
    const ids = found.get(fingerprint)?.requestIds.length ?? 0;
    return !found.has(fingerprint) || ids < Math.min(samples, count);
  });
  // Most are there already; the rest of the window is read for the others alone.
  await look(
    reader,
    selection,
    { from, to: middle },
    wanting.map(([fingerprint]) => fingerprint),
    found,
  );
  return found;
}

async function look(
  reader: Reader,
  selection: Selection,
  window: Window,
  fingerprints: readonly string[],
  found: Map<string, Newest>,
): Promise<void> {
  if (fingerprints.length === 0) return;
  const rows = await reader.rows<Row>(
    (
      table,
    ) => `SELECT fingerprint, error_code, if(error_message = '', toString(title), error_message) AS message, request_id
${failureRows(table, selection, window, [sql`fingerprint IN ${fingerprints}`])}
ORDER BY time DESC, position DESC LIMIT ${2 * samples} BY fingerprint`,
  );
  for (const row of rows) {
    const known = found.get(row.fingerprint) ?? {
      errorCode: row.error_code,
      message: row.message,
      requestIds: [],
    };
    found.set(row.fingerprint, known);
    const { requestIds } = known;
    if (row.request_id === '' || requestIds.includes(row.request_id) || requestIds.length === samples)
      continue;
    requestIds.push(row.request_id);
  }
}

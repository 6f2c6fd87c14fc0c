import { piecesOf, type Window, windowBefore } from '../../domain/window.ts';
import { minuteStep, userKeyOf } from '../readModels/requestRollups.ts';
import { and } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import { byName } from './byName.ts';
import type { Reader } from './reader.ts';
import { addedCounts, requestLines } from './requestLines.ts';
import { changeOf, nameConditions, ratio, rawConditions, type Selection, withinSteps } from './selection.ts';

export interface Figures {
  requests: number;
  failedRequests: number;
  successRate: number;
  activeUsers: number;
}

export interface OperationCount {
  service: string;
  operation: string;
  count: number;
  previousCount: number;
  change: number;
}

export interface Kpis extends Figures {
  operations: OperationCount[];
  previous: Figures;
  /** Of each figure, as a fraction of what it was. */
  change: Figures;
}

interface CountRow {
  period: 'present' | 'previous';
  service: string;
  operation: string;
  count: string;
  error_count: string;
}

/** The figures of a window beside those of the window before it. */
export async function readKpis(reader: Reader, selection: Selection): Promise<Kpis> {
  const [counts, users] = await Promise.all([readCounts(reader, selection), readUsers(reader, selection)]);
  const figures = (period: CountRow['period']): Figures => {
    const rows = counts.filter((row) => row.period === period);
    const requests = rows.reduce((sum, row) => sum + Number(row.count), 0);
    const failedRequests = rows.reduce((sum, row) => sum + Number(row.error_count), 0);
    // Without a request none has failed; but none has succeeded either, and a rate of nothing is 0 everywhere.
    const successRate = ratio(requests - failedRequests, requests);
    return { requests, failedRequests, successRate, activeUsers: users[period] };
  };
  const [present, previous] = [figures('present'), figures('previous')];
  return {
    ...present,
    operations: operationsOf(counts),
    previous,
    change: {
      requests: changeOf(present.requests, previous.requests),
      failedRequests: changeOf(present.failedRequests, previous.failedRequests),
      successRate: changeOf(present.successRate, previous.successRate),
      activeUsers: changeOf(present.activeUsers, previous.activeUsers),
    },
  };
}

const readCounts = (reader: Reader, selection: Selection): Promise<CountRow[]> =>
  reader.rows((table) => {
    const counts = (period: CountRow['period'], window: Window) =>
      `SELECT '${period}' AS period, service, operation, ${addedCounts}
FROM (${requestLines(table, selection, { window, sketches: false })}) GROUP BY service, operation`;
    return `${counts('present', selection.window)} UNION ALL ${counts('previous', windowBefore(selection.window))}`;
  });

function operationsOf(rows: readonly CountRow[]): OperationCount[] {
  const found = new Map<string, OperationCount>();
  for (const { period, service, operation, count } of rows) {
    const key = JSON.stringify([service, operation]);
    const known = found.get(key) ?? { service, operation, count: 0, previousCount: 0, change: 0 };
    known[period === 'present' ? 'count' : 'previousCount'] += Number(count);
    found.set(key, known);
  }
  return [...found.values()]
    .map((each) => ({ ...each, change: changeOf(each.count, each.previousCount) }))
    .sort((a, b) => b.count - a.count || b.previousCount - a.previousCount || byName(a, b));
}

interface Users {
  present: number;
  previous: number;
}

async function readUsers(reader: Reader, selection: Selection): Promise<Users> {
  const [row] = await reader.rows<{ present: string; previous: string }>((table) => {
    const keys = (isPresent: 0 | 1, window: Window) =>
      userKeys(table, selection, window).map(
        (keysOfPiece) => `SELECT ${isPresent} AS is_present, ${keysOfPiece}`,
      );
    return `SELECT uniqExactIf(user_key, is_present = 1) AS present, uniqExactIf(user_key, is_present = 0) AS previous
FROM (${[...keys(1, selection.window), ...keys(0, windowBefore(selection.window))].join('\nUNION ALL ')})`;
  });
  return { present: Number(row?.present ?? 0), previous: Number(row?.previous ?? 0) };
}

/** The rollup of users knows no service and no operation. */
function userKeys(table: TableNamer, selection: Selection, window: Window): string[] {
  const { asOf, service, operation } = selection;
  const coarsest = asOf === undefined && service === undefined && operation === undefined ? 'minutes' : 'raw';
  const pieces = piecesOf(window, coarsest);
  const raws = pieces.filter(({ source }) => source === 'raw');
  const minutes = pieces.filter(({ source }) => source === 'minutes');
  const ofRaws = and([...rawConditions(selection, ...raws), "user_id != ''"]);
  const ofMinutes = and([...nameConditions(selection), withinSteps(minuteStep.column, minutes)]);
  return [
    ...(raws.length === 0
      ? []
      : [`${userKeyOf('user_id')} AS user_key FROM ${table('requests')} WHERE ${ofRaws.text}`]),
    ...(minutes.length === 0 ? [] : [`user_key FROM ${table('user_minutes')} WHERE ${ofMinutes.text}`]),
  ];
}

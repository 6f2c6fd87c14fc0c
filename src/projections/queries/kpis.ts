import { piecesOf, windowBefore } from '../../domain/window.ts';
import { minuteStep, userKeyOf } from '../readModels/requestRollups.ts';
import { and, raw, sql, time } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import { byName } from './byName.ts';
import type { Reader } from './reader.ts';
import { addedCounts, requestLines } from './requestLines.ts';
import {
  changeOf,
  nameConditions,
  ratio,
  rawConditions,
  type Selection,
  second,
  withinSteps,
} from './selection.ts';

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
  /** 0 in the window before. */
  present: 0 | 1;
  service: string;
  operation: string;
  count: string;
  error_count: string;
}

/** The figures of a window beside those of the window before it. */
export async function readKpis(reader: Reader, selection: Selection): Promise<Kpis> {
  const [counts, users] = await Promise.all([readCounts(reader, selection), readUsers(reader, selection)]);
  const figures = (of: CountRow['present']): Figures => {
    const rows = counts.filter((row) => row.present === of);
    const requests = rows.reduce((sum, row) => sum + Number(row.count), 0);
    const failedRequests = rows.reduce((sum, row) => sum + Number(row.error_count), 0);
    // Without a request none has failed; but none has succeeded either, and a rate of nothing is 0 everywhere.
    const successRate = ratio(requests - failedRequests, requests);
    return { requests, failedRequests, successRate, activeUsers: of === 1 ? users.present : users.previous };
  };
  const [present, previous] = [figures(1), figures(0)];
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
    const options = { window: selection.window, sketches: false, withBefore: true };
    return `SELECT present, service, operation, ${addedCounts}
FROM (${requestLines(table, selection, options)}) GROUP BY present, service, operation`;
  });

function operationsOf(rows: readonly CountRow[]): OperationCount[] {
  const found = new Map<string, OperationCount>();
  for (const { present, service, operation, count } of rows) {
    const key = JSON.stringify([service, operation]);
    const known = found.get(key) ?? { service, operation, count: 0, previousCount: 0, change: 0 };
    known[present === 1 ? 'count' : 'previousCount'] += Number(count);
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
  const [row] = await reader.rows<{ present: string; previous: string }>(
    (
      table,
    ) => `SELECT uniqExactIf(user_key, is_present) AS present, uniqExactIf(user_key, NOT is_present) AS previous
FROM (${userKeys(table, selection).join('\nUNION ALL ')})`,
  );
  return { present: Number(row?.present ?? 0), previous: Number(row?.previous ?? 0) };
}

/** The users of both windows. Their rollup knows no service and no operation. */
function userKeys(table: TableNamer, selection: Selection): string[] {
  const { asOf, service, operation, window } = selection;
  const coarsest = asOf === undefined && service === undefined && operation === undefined ? 'minutes' : 'raw';
  const pieces = [...piecesOf(windowBefore(window), coarsest), ...piecesOf(window, coarsest)];
  const raws = pieces.filter(({ source }) => source === 'raw');
  const minutes = pieces.filter(({ source }) => source === 'minutes');
  const parts: string[] = [];
  if (raws.length > 0) {
    const conditions = and([...rawConditions(selection, ...raws), "user_id != ''"]);
    parts.push(sql`SELECT ${raw(userKeyOf('user_id'))} AS user_key, time >= ${time(window.from)} AS is_present
FROM ${raw(table('requests'))} WHERE ${conditions}`);
  }
  if (minutes.length > 0) {
    const { column } = minuteStep;
    const conditions = and([...nameConditions(selection), withinSteps(column, minutes)]);
    parts.push(sql`SELECT user_key, ${raw(column)} >= ${second(window.from)} AS is_present
FROM ${raw(table('user_minutes'))} WHERE ${conditions}`);
  }
  return parts;
}

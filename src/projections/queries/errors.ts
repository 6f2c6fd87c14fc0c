import { windowBefore } from '../../domain/window.ts';
import { literal, sql, time } from '../sql.ts';
import { byName } from './byName.ts';
import { failureRows } from './failureRows.ts';
import type { Reader } from './reader.ts';
import { addedCounts, requestLines } from './requestLines.ts';
import { changeOf, micros, ratio, rfc3339, type Selection } from './selection.ts';

export const trends = ['new', 'rising', 'steady', 'falling'] as const;
export type Trend = (typeof trends)[number];

export interface ErrorGroup {
  fingerprint: string;
  errorCode: string;
  message: string;
  count: number;
  firstSeen: string;
  lastSeen: string;
  operations: string[];
  services: string[];
  trend: Trend;
  previousCount: number;
  change: number;
  sampleRequestIds: string[];
}

export interface OperationErrors {
  service: string;
  operation: string;
  count: number;
  requests: number;
  failedRequests: number;
  errorRate: number;
}

export interface Errors {
  total: number;
  errorRate: number;
  groupCount: number;
  groups: ErrorGroup[];
  byOperation: OperationErrors[];
}

export async function readErrors(
  reader: Reader,
  selection: Selection,
  options: { limit: number },
): Promise<Errors> {
  const [rows, counts] = await Promise.all([
    readFailures(reader, selection, options.limit),
    readRequests(reader, selection),
  ]);
  const grouped = rows.filter((row) => row.fingerprint !== '');
  const sums = rows.filter((row) => row.fingerprint === '');
  const total = sums.reduce((sum, row) => sum + Number(row.count), 0);
  const requests = counts.reduce((sum, row) => sum + Number(row.count), 0);
  const failed = counts.reduce((sum, row) => sum + Number(row.error_count), 0);
  return {
    total,
    errorRate: ratio(failed, requests),
    groupCount: Number(grouped[0]?.group_count ?? 0),
    groups: grouped.map(groupOf),
    byOperation: byOperation(sums, counts),
  };
}

interface FailureRow {
  /** Empty in the rows that sum up an operation. */
  fingerprint: string;
  service: string;
  operation: string;
  count: string;
  previous: string;
  group_count: string;
  first_seen: string;
  last_seen: string;
  error_code: string;
  message: string;
  operations: string[];
  services: string[];
  samples: string[];
}

/** One pass over the failures gives the groups and, with an empty fingerprint, the sum of each operation. */
const readFailures = (reader: Reader, selection: Selection, limit: number): Promise<FailureRow[]> =>
  reader.rows((table) => {
    const { from, to } = selection.window;
    const both = { from: windowBefore(selection.window).from, to };
    const isPresent = sql`time >= ${time(from)}`;
    return `SELECT fingerprint, service, operation,
  sum(present) AS count, sum(earlier) AS previous,
  sum(count) OVER (PARTITION BY fingerprint = '') AS total,
  count() OVER (PARTITION BY fingerprint = '') AS group_count,
  ${micros('minIf(first, present > 0)')} AS first_seen, ${micros('maxIf(last, present > 0)')} AS last_seen,
  argMax(words, last) AS newest_words, newest_words.1 AS error_code, newest_words.2 AS message,
  arraySort(groupUniqArrayIf(parts.operation, present > 0 AND parts.operation != '')) AS operations,
  arraySort(groupUniqArrayIf(parts.service, present > 0)) AS services,
  arraySlice(arrayDistinct(arrayMap(x -> x.2, arraySort(groupArrayArray(newest)))), 1, 5) AS samples
FROM (
  SELECT fingerprint, service, operation,
    countIf(${isPresent}) AS present, count() - present AS earlier,
    minIf(time, ${isPresent}) AS first, max(time) AS last,
    argMax((error_code, if(error_message = '', toString(title), error_message)), (time, position)) AS words,
    groupArraySortedIf(10)((-${micros('time')}, request_id), ${isPresent} AND request_id != '') AS newest
  ${failureRows(table, selection, both)}
  GROUP BY fingerprint, service, operation
) AS parts
GROUP BY GROUPING SETS ((fingerprint), (service, operation)) HAVING count > 0
QUALIFY fingerprint = '' OR row_number() OVER (PARTITION BY fingerprint = '' ORDER BY count DESC, last_seen DESC) <= ${literal(limit)}
ORDER BY count DESC, last_seen DESC, fingerprint`;
  });

interface CountRow {
  service: string;
  operation: string;
  count: string;
  error_count: string;
}

const readRequests = (reader: Reader, selection: Selection): Promise<CountRow[]> =>
  reader.rows(
    (table) => `SELECT service, operation, ${addedCounts}
FROM (${requestLines(table, selection, { window: selection.window, sketches: false })})
GROUP BY service, operation`,
  );

function groupOf(row: FailureRow): ErrorGroup {
  const [count, previousCount] = [Number(row.count), Number(row.previous)];
  return {
    fingerprint: row.fingerprint,
    errorCode: row.error_code,
    message: row.message,
    count,
    firstSeen: rfc3339(Number(row.first_seen)),
    lastSeen: rfc3339(Number(row.last_seen)),
    operations: row.operations,
    services: row.services,
    trend: trendOf(count, previousCount),
    previousCount,
    change: changeOf(count, previousCount),
    sampleRequestIds: row.samples,
  };
}

/** Half as much again, or two thirds: what is between is the same, as small counts go up and down by themselves. */
export function trendOf(count: number, previous: number): Trend {
  if (previous === 0) return 'new';
  if (count >= previous * 1.5) return 'rising';
  return count <= previous / 1.5 ? 'falling' : 'steady';
}

function byOperation(sums: readonly FailureRow[], counts: readonly CountRow[]): OperationErrors[] {
  const found = new Map<string, OperationErrors>();
  const at = ({ service, operation }: { service: string; operation: string }): OperationErrors => {
    const key = JSON.stringify([service, operation]);
    const known = found.get(key) ?? {
      service,
      operation,
      count: 0,
      requests: 0,
      failedRequests: 0,
      errorRate: 0,
    };
    found.set(key, known);
    return known;
  };
  for (const row of sums) at(row).count += Number(row.count);
  for (const row of counts) {
    const entry = at(row);
    entry.requests = Number(row.count);
    entry.failedRequests = Number(row.error_count);
    entry.errorRate = ratio(entry.failedRequests, entry.requests);
  }
  return [...found.values()]
    .filter((entry) => entry.count > 0 || entry.failedRequests > 0)
    .sort((a, b) => b.count - a.count || b.failedRequests - a.failedRequests || byName(a, b));
}

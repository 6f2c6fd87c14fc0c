import { windowBefore } from '../../domain/window.ts';
import { literal, sql } from '../sql.ts';
import { byName } from './byName.ts';
import { countsOnce, failureRows } from './failureRows.ts';
import { type Newest, readNewest } from './newestFailures.ts';
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

/** The errors of a window in groups, the largest first, and by operation. */
export async function readErrors(
  reader: Reader,
  selection: Selection,
  options: { limit: number },
): Promise<Errors> {
  const [rows, counts] = await Promise.all([
    readFailures(reader, selection, options.limit),
    readRequests(reader, selection),
  ]);
  const groups = rows.filter((row) => row.fingerprint !== '');
  const sums = rows.filter((row) => row.fingerprint === '');
  const shown = new Map(groups.map((row) => [row.fingerprint, Number(row.count)]));
  const [newest, before] = await Promise.all([
    readNewest(reader, selection, shown),
    readBefore(reader, selection, [...shown.keys()]),
  ]);
  const requests = counts.reduce((sum, row) => sum + Number(row.count), 0);
  const failed = counts.reduce((sum, row) => sum + Number(row.error_count), 0);
  return {
    total: sums.reduce((sum, row) => sum + Number(row.count), 0),
    errorRate: ratio(failed, requests),
    groupCount: Number(groups[0]?.group_count ?? 0),
    groups: groups.map((row) => groupOf(row, newest.get(row.fingerprint), before.get(row.fingerprint) ?? 0)),
    byOperation: byOperation(sums, counts),
  };
}

interface FailureRow {
  /** Empty in the rows that sum up an operation. */
  fingerprint: string;
  service: string;
  operation: string;
  count: string;
  occurrences: string;
  group_count: string;
  first_seen: string;
  last_seen: string;
  operations: string[];
  services: string[];
}

/** One pass over the failures gives the groups and, with an empty fingerprint, the sum of each operation. */
const readFailures = (reader: Reader, selection: Selection, limit: number): Promise<FailureRow[]> =>
  reader.rows(
    (table) => `SELECT fingerprint, service, operation, sum(counted) AS count, sum(seen) AS occurrences,
  count() OVER (PARTITION BY fingerprint = '') AS group_count,
  ${micros('minIf(first, counted > 0)')} AS first_seen, ${micros('maxIf(last, counted > 0)')} AS last_seen,
  arraySort(groupUniqArrayIf(parts.operation, counted > 0 AND parts.operation != '')) AS operations,
  arraySort(groupUniqArrayIf(parts.service, counted > 0)) AS services
FROM (
  SELECT fingerprint, service, operation, countIf(counts) AS counted, count() AS seen,
    minIf(time, counts) AS first, maxIf(time, counts) AS last
  FROM (
    SELECT fingerprint, service, operation, time, ${countsOnce(table, selection, selection.window)} AS counts
    ${failureRows(table, selection, selection.window)}
  ) GROUP BY fingerprint, service, operation
) AS parts
GROUP BY GROUPING SETS ((fingerprint), (service, operation)) HAVING count > 0
QUALIFY fingerprint = '' OR row_number() OVER (PARTITION BY fingerprint = '' ORDER BY count DESC, last_seen DESC, fingerprint) <= ${literal(limit)}
ORDER BY count DESC, last_seen DESC, fingerprint`,
  );

/** How often the groups were seen in the window before. */
async function readBefore(
  reader: Reader,
  selection: Selection,
  fingerprints: readonly string[],
): Promise<Map<string, number>> {
  if (fingerprints.length === 0) return new Map();
  const rows = await reader.rows<{ fingerprint: string; seen: string }>(
    (table) => `SELECT fingerprint, count() AS seen
${failureRows(table, selection, windowBefore(selection.window), [sql`fingerprint IN ${fingerprints}`])}
GROUP BY fingerprint`,
  );
  return new Map(rows.map((row) => [row.fingerprint, Number(row.seen)]));
}

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

function groupOf(row: FailureRow, newest: Newest | undefined, before: number): ErrorGroup {
  const occurrences = Number(row.occurrences);
  return {
    fingerprint: row.fingerprint,
    errorCode: newest?.errorCode ?? '',
    message: newest?.message ?? '',
    count: Number(row.count),
    firstSeen: rfc3339(Number(row.first_seen)),
    lastSeen: rfc3339(Number(row.last_seen)),
    operations: row.operations,
    services: row.services,
    // Here a request that reported its error as well is two occurrences, in this window as in the one before.
    trend: trendOf(occurrences, before),
    change: changeOf(occurrences, before),
    sampleRequestIds: newest?.requestIds ?? [],
  };
}

/** Half as much again, or two thirds: what is between is the same, as small counts go up and down by themselves. */
export function trendOf(count: number, before: number): Trend {
  if (before === 0) return 'new';
  if (count >= before * 1.5) return 'rising';
  return count <= before / 1.5 ? 'falling' : 'steady';
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

import { stepFor, stepsOf, windowBefore } from '../../domain/window.ts';
import { literal, sql, time } from '../sql.ts';
import { type Trend, trendOf } from './errors.ts';
import { countsOnce, failureRows } from './failureRows.ts';
import type { Reader } from './reader.ts';
import { changeOf, micros, rfc3339, type Selection, timeOf } from './selection.ts';
import type { Point } from './series.ts';

export interface ErrorSample {
  time: string;
  service: string;
  operation?: string;
  requestId?: string;
  traceId?: string;
  userId?: string;
  message: string;
  stack?: string;
}

export interface ErrorGroupDetail {
  fingerprint: string;
  errorCode: string;
  message: string;
  count: number;
  change: number;
  trend: Trend;
  firstSeen: string;
  lastSeen: string;
  usersAffected: number;
  operations: { service: string; operation: string; count: number }[];
  stepMs: number;
  series: Point[];
  samples: ErrorSample[];
}

/** One group of errors in a window; undefined when it has none there. */
export async function readErrorGroup(
  reader: Reader,
  selection: Selection,
  fingerprint: string,
): Promise<ErrorGroupDetail | undefined> {
  const stepMs = stepFor(selection.window, 120);
  const [[sums], samples] = await Promise.all([
    readSums(reader, selection, fingerprint, stepMs),
    readSamples(reader, selection, fingerprint),
  ]);
  const count = Number(sums?.count ?? 0);
  if (sums === undefined || count === 0) return undefined;
  const [occurrences, before] = [Number(sums.occurrences), Number(sums.before)];
  const newest = samples[0];
  return {
    fingerprint,
    errorCode: newest?.error_code ?? '',
    message: newest?.message ?? '',
    count,
    change: changeOf(occurrences, before),
    trend: trendOf(occurrences, before),
    firstSeen: rfc3339(Number(sums.first_seen)),
    lastSeen: rfc3339(Number(sums.last_seen)),
    usersAffected: Number(sums.users),
    operations: tally(sums.places).map(([[service, operation], n]) => ({ service, operation, count: n })),
    stepMs,
    series: seriesOf(selection, stepMs, sums.slots),
    samples: samples.map(sampleOf),
  };
}

interface SumsRow {
  count: string;
  occurrences: string;
  before: string;
  first_seen: string;
  last_seen: string;
  users: string;
  places: [[string, string], string][];
  slots: [number, string][];
}

const ofGroup = (fingerprint: string): string => sql`fingerprint = ${fingerprint}`;

const readSums = (
  reader: Reader,
  selection: Selection,
  fingerprint: string,
  stepMs: number,
): Promise<SumsRow[]> =>
  reader.rows((table) => {
    const both = { ...selection.window, from: windowBefore(selection.window).from };
    const step = literal(stepMs / 1_000);
    const isPresent = sql`time >= ${time(selection.window.from)}`;
    return `SELECT sumIf(n, present) AS count, sumIf(seen, present) AS occurrences, sumIf(seen, NOT present) AS before,
  ${micros('minIf(first, present AND n > 0)')} AS first_seen, ${micros('maxIf(last, present AND n > 0)')} AS last_seen,
  uniqExactArrayIf(users, present) AS users,
  groupArrayIf(((service, operation), n), present AND n > 0) AS places, groupArrayIf((slot, n), present AND n > 0) AS slots
FROM (
  SELECT present, service, operation,
    toUInt32(intDiv(intDiv(${micros('time')}, 1000000), ${step}) * ${step}) AS slot,
    countIf(counts) AS n, count() AS seen, minIf(time, counts) AS first, maxIf(time, counts) AS last,
    groupUniqArrayIf(user_id, user_id != '') AS users
  FROM (
    SELECT service, operation, time, user_id, ${isPresent} AS present,
      ${countsOnce(table, selection, selection.window)} AS counts
    ${failureRows(table, selection, both, [ofGroup(fingerprint)])}
  ) GROUP BY present, service, operation, slot
)`;
  });

interface SampleRow {
  at: string;
  service: string;
  operation: string;
  request_id: string;
  trace_id: string;
  user_id: string;
  error_code: string;
  message: string;
  stack: string;
}

const readSamples = (reader: Reader, selection: Selection, fingerprint: string): Promise<SampleRow[]> =>
  reader.rows(
    (table) => `SELECT ${micros('time')} AS at, service, operation, request_id, trace_id, user_id, error_code,
  if(error_message = '', toString(title), error_message) AS message, stack
${failureRows(table, selection, selection.window, [ofGroup(fingerprint)])}
ORDER BY time DESC, position DESC LIMIT 10`,
  );

function tally(places: SumsRow['places']): [[string, string], number][] {
  const found = new Map<string, [[string, string], number]>();
  for (const [place, n] of places) {
    const key = JSON.stringify(place);
    const known = found.get(key) ?? [place, 0];
    known[1] += Number(n);
    found.set(key, known);
  }
  return [...found.values()].sort((a, b) => b[1] - a[1]);
}

function seriesOf(selection: Selection, stepMs: number, slots: SumsRow['slots']): Point[] {
  const bySlot = new Map<number, number>();
  for (const [slot, n] of slots) bySlot.set(slot * 1_000, (bySlot.get(slot * 1_000) ?? 0) + Number(n));
  return stepsOf(selection.window, stepMs).map((at) => ({ time: timeOf(at), value: bySlot.get(at) ?? 0 }));
}

const sampleOf = (row: SampleRow): ErrorSample => ({
  time: rfc3339(Number(row.at)),
  service: row.service,
  message: row.message,
  ...(row.operation && { operation: row.operation }),
  ...(row.request_id && { requestId: row.request_id }),
  ...(row.trace_id && { traceId: row.trace_id }),
  ...(row.user_id && { userId: row.user_id }),
  ...(row.stack && { stack: row.stack }),
});

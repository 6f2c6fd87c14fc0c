import type { Column } from '../rowBinary.ts';
import type { Derivation, PublicView, RetentionClass, Table } from '../table.ts';
import { lowCardinality, recordedDay, roundMicros } from './columns.ts';

/**
 * Requests counted and sketched per minute and per hour. Only aggregates whose merged state does not depend on the
 * order or size of the batches: sums of whole numbers, maxima, and a sketch of the durations that is itself a sum.
 *
 * The sketch is a DDSketch kept as a map from bucket to count: adding up such maps takes the engine a third of the
 * time that the states of its own `quantilesDD` take, and most of a read over a long window is that.
 */

const accuracy = 0.01;
const growth = (1 + accuracy) / (1 - accuracy);
/** Holds what is shorter than a microsecond. */
const lowestBucket = -1_000;

/** Bucket b holds the durations in `(growth^(b-1), growth^b]`. */
const bucketOf = (ms: string): string =>
  `if(${ms} < 0.001, ${lowestBucket}, toInt16(ceil(log(${ms}) / ${Math.log(growth)})))`;

/** What stands for a bucket: within 1 % of everything in it. */
const durationOf = (bucket: string): string =>
  `if(${bucket} = ${lowestBucket}, 0, ${2 / (growth + 1)} * exp(${bucket} * ${Math.log(growth)}))`;

/**
 * The 50th, 95th and 99th percentile of sketches that `GROUP BY` brings together. No quantile is above the true
 * maximum, which is known.
 */
export const mergedQuantiles = `sumMap(sketch) AS durations,
  arrayMap(b -> least(${durationOf('b')}, max(slowest_ms)),
    arrayReduce('quantilesExactWeighted(0.5, 0.95, 0.99)', mapKeys(durations), mapValues(durations))) AS quantiles`;

const summed = (name: string): Column => ({
  name,
  type: 'UInt64',
  stored: 'SimpleAggregateFunction(sum, UInt64)',
});

/** How far the rows of a derived table reach: tells a restart whether the batch at work was taken in. */
const lastPosition: Column = {
  name: 'last_position',
  type: 'UInt64',
  stored: 'SimpleAggregateFunction(max, UInt64)',
};

export interface RollupStep {
  table: string;
  /** The column that holds the start of the step. */
  column: 'minute' | 'hour';
  ms: number;
}

export const minuteStep: RollupStep = { table: 'request_minutes', column: 'minute', ms: 60_000 };
export const hourStep: RollupStep = { table: 'request_hours', column: 'hour', ms: 3_600_000 };

const floorOf = { minute: 'toStartOfMinute', hour: 'toStartOfHour' } as const;

const rollupTable = (step: RollupStep, retention: RetentionClass): Table => ({
  name: step.table,
  engine: 'AggregatingMergeTree',
  columns: [
    recordedDay,
    lowCardinality('project'),
    { name: step.column, type: 'UInt64', stored: "DateTime('UTC')" },
    lowCardinality('service'),
    lowCardinality('operation'),
    summed('n'),
    summed('failed'),
    summed('timed_out'),
    summed('rate_limited'),
    summed('sum_us'),
    { name: 'slowest_ms', type: 'Float64', stored: 'SimpleAggregateFunction(max, Float64)' },
    {
      name: 'sketch',
      type: 'Map(String, String)',
      // Not packed tighter than the engine does by itself: unpacking would cost as much as adding up.
      stored: 'SimpleAggregateFunction(sumMap, Map(Int16, UInt64))',
    },
    lastPosition,
  ],
  orderBy: `project, ${step.column}, service, operation`,
  retention,
});

/** What raw requests add up to, but for their sketch. */
export const rollupCounts = `count() AS n,
  countIf(status != 'success') AS failed,
  countIf(status = 'timeout') AS timed_out,
  countIf(status = 'rate_limited') AS rate_limited,
  sum(${roundMicros('duration_ms')}) AS sum_us,
  max(duration_ms) AS slowest_ms,
  max(position) AS last_position`;

/**
 * Raw requests as rows of a rollup; `columns` are what they are grouped by, with their names. Reads use it for the
 * edges of a window as well.
 */
export function rolledUp(columns: Readonly<Record<string, string>>, from: string): string {
  const names = Object.keys(columns).join(', ');
  const written = Object.entries(columns).map(([name, of]) => (name === of ? name : `${of} AS ${name}`));
  return `SELECT ${names},
  sum(part.n) AS n, sum(part.failed) AS failed, sum(part.timed_out) AS timed_out,
  sum(part.rate_limited) AS rate_limited, sum(part.sum_us) AS sum_us, max(part.slowest_ms) AS slowest_ms,
  sumMap(map(part.bucket, part.n)) AS sketch, max(part.last_position) AS last_position
FROM (
  SELECT ${written.join(', ')}, ${bucketOf('duration_ms')} AS bucket, ${rollupCounts}
  ${from} GROUP BY ${names}, bucket
) AS part GROUP BY ${names}`;
}

const derivation = (step: RollupStep): Derivation => ({
  from: 'requests',
  to: step.table,
  select: rolledUp(
    {
      recorded_day: 'recorded_day',
      project: 'project',
      [step.column]: `${floorOf[step.column]}(time)`,
      service: 'service',
      operation: 'operation',
    },
    'FROM {from}',
  ),
});

/** Figures of merged rollup rows. */
const mergedFigures = `sum(n) AS count,
  sum(failed) AS error_count,
  error_count / count AS error_rate,
  sum(sum_us) / 1000 / count AS avg_ms,
  ${mergedQuantiles},
  quantiles[1] AS p50_ms,
  quantiles[2] AS p95_ms,
  quantiles[3] AS p99_ms,
  max(slowest_ms) AS max_ms`;

const latencyView = (name: string, step: RollupStep): PublicView => ({
  name,
  select: `SELECT time, project, service, operation, count, error_count, error_rate, avg_ms, p50_ms, p95_ms, p99_ms, max_ms
FROM (
  SELECT project, service, operation, ${step.column} AS time, ${mergedFigures}
  FROM {${step.table}} GROUP BY project, service, operation, ${step.column}
)`,
});

const errorRateView = (name: string, step: RollupStep): PublicView => ({
  name,
  select: `SELECT ${step.column} AS time, project, service, operation,
  sum(n) AS count, sum(failed) AS error_count, error_count / count AS error_rate,
  sum(timed_out) AS timeout_count, sum(rate_limited) AS rate_limited_count
FROM {${step.table}} GROUP BY project, service, operation, ${step.column}`,
});

/** A user's place in sets of users: sets of numbers add up several times as fast as sets of names. */
export const userKeyOf = (userId: string): string => `sipHash64(${userId})`;

const userMinutes: Table = {
  name: 'user_minutes',
  engine: 'AggregatingMergeTree',
  columns: [
    recordedDay,
    lowCardinality('project'),
    { name: 'minute', type: 'UInt64', stored: "DateTime('UTC')" },
    // Nothing makes hashes smaller, and unpacking them would be most of the work of counting them.
    { name: 'user_key', type: 'UInt64', codec: 'NONE' },
    summed('n'),
    lastPosition,
  ],
  orderBy: 'project, minute, user_key',
  retention: 'minutes',
};

const kpisView: PublicView = {
  name: 'kpis_1d',
  select: `SELECT day AS time, project, requests, errors, 1 - errors / requests AS success_rate,
  active_users, avg_ms, p50_ms, p95_ms, p99_ms, max_ms
FROM (
  SELECT toStartOfDay(hour) AS day, project, count AS requests, error_count AS errors, avg_ms, p50_ms, p95_ms, p99_ms, max_ms
  FROM (SELECT toStartOfDay(hour) AS hour, project, ${mergedFigures} FROM {request_hours} GROUP BY project, toStartOfDay(hour) AS hour)
) AS r
LEFT JOIN (
  SELECT toStartOfDay(minute) AS day, project, uniqExact(user_key) AS active_users
  FROM {user_minutes} GROUP BY project, day
) AS u USING (project, day)`,
};

export const rollupTables: readonly Table[] = [
  rollupTable(minuteStep, 'minutes'),
  rollupTable(hourStep, 'hours'),
  userMinutes,
];

export const rollupDerivations: readonly Derivation[] = [
  derivation(minuteStep),
  derivation(hourStep),
  {
    from: 'requests',
    to: 'user_minutes',
    select: `SELECT recorded_day, project, toStartOfMinute(time) AS minute, ${userKeyOf('user_id')} AS user_key,
  count() AS n, max(position) AS last_position
FROM {from} WHERE user_id != '' GROUP BY recorded_day, project, minute, user_key`,
  },
];

export const rollupViews: readonly PublicView[] = [
  latencyView('latency_1m', minuteStep),
  latencyView('latency_1h', hourStep),
  errorRateView('error_rate_1m', minuteStep),
  errorRateView('error_rate_1h', hourStep),
  kpisView,
];

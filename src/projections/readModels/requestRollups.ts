import type { Column } from '../rowBinary.ts';
import type { Derivation, PublicView, RetentionClass, Table } from '../table.ts';
import { lowCardinality, recordedDay, roundMicros } from './columns.ts';

/**
 * Requests counted and sketched per minute and per hour. Only aggregates whose merged state does not depend on the
 * order or size of the batches: sums of whole numbers, maxima, and DDSketch quantiles.
 */

const sketch = 'quantilesDD(0.01, 0.5, 0.95, 0.99)';

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
    { name: 'sketch', type: 'String', stored: `AggregateFunction(${sketch}, Float64)` },
    lastPosition,
  ],
  orderBy: `project, ${step.column}, service, operation`,
  retention,
});

/** The aggregates of a rollup row, computed from raw requests. Reads use it for the edges of a window as well. */
export const rollupAggregates = `count() AS n,
  countIf(status != 'success') AS failed,
  countIf(status = 'timeout') AS timed_out,
  countIf(status = 'rate_limited') AS rate_limited,
  sum(${roundMicros('duration_ms')}) AS sum_us,
  max(duration_ms) AS slowest_ms,
  quantilesDDState(0.01, 0.5, 0.95, 0.99)(duration_ms) AS sketch`;

const derivation = (step: RollupStep): Derivation => ({
  from: 'requests',
  to: step.table,
  select: `SELECT recorded_day, project, ${floorOf[step.column]}(time) AS ${step.column}, service, operation,
  ${rollupAggregates}, max(position) AS last_position
FROM {from} GROUP BY recorded_day, project, ${step.column}, service, operation`,
});

/**
 * Figures of merged rollup rows. A sketch's quantile is right within 1 %, and so could exceed the true maximum, which
 * is known: no quantile is above it.
 */
const mergedFigures = `sum(n) AS count,
  sum(failed) AS error_count,
  error_count / count AS error_rate,
  sum(sum_us) / 1000 / count AS avg_ms,
  arrayMap(q -> least(q, max(slowest_ms)), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(sketch)) AS quantiles,
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

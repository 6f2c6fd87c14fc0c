import { type PieceSource, piecesOf, type Window, windowBefore } from '../../domain/window.ts';
import { hourStep, minuteStep, rollupAggregates } from '../readModels/requestRollups.ts';
import { and, literal, sql, time } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import { nameConditions, rawConditions, type Selection, second, withinSteps } from './selection.ts';

/**
 * Requests of a window as rows that only need adding up, whether they come from rollups or from raw requests. A
 * sketch of raw requests adds up exactly with those of the rollups.
 */
export interface LinesOptions {
  window: Window;
  /** Leaves the sketches unread where no percentile is asked for. */
  sketches: boolean;
  /** Adds a column `slot`: the start, in epoch seconds, of the step that a line falls into. */
  stepMs?: number;
  /** Takes in the window before as well, and adds a column `present` that tells the two apart. */
  withBefore?: boolean;
  coarsest?: PieceSource;
}

export function requestLines(table: TableNamer, selection: Selection, options: LinesOptions): string {
  // A rollup does not know when its requests were recorded.
  const coarsest = selection.asOf === undefined ? options.coarsest : 'raw';
  const pieces = [
    ...(options.withBefore === true ? piecesOf(windowBefore(options.window), coarsest) : []),
    ...piecesOf(options.window, coarsest),
  ];
  return (['raw', 'minutes', 'hours'] as const)
    .map((source) => ({ source, ranges: pieces.filter((piece) => piece.source === source) }))
    .filter(({ ranges }) => ranges.length > 0)
    .map(({ source, ranges }) => linesOf(table, selection, options, source, ranges))
    .join('\nUNION ALL\n');
}

/** The pieces of one source in one scan: to begin one costs more than to read a few minutes. */
function linesOf(
  table: TableNamer,
  selection: Selection,
  options: LinesOptions,
  source: PieceSource,
  ranges: readonly Window[],
): string {
  if (source === 'raw') return rawLines(table, selection, options, ranges);
  const { column, table: name } = source === 'hours' ? hourStep : minuteStep;
  const conditions = and([...nameConditions(selection), withinSteps(column, ranges)]);
  // A union would make a variant of types that are not the very same.
  return `SELECT service, operation${extraOf(options, `toUnixTimestamp(${column})`, `${column} >= ${second(options.window.from).text}`)}, toUInt64(n) AS n, toUInt64(failed) AS failed,
  toUInt64(sum_us) AS sum_us, toFloat64(slowest_ms) AS slowest_ms${options.sketches ? ', sketch' : ''}
FROM ${table(name)} WHERE ${conditions.text}`;
}

function rawLines(
  table: TableNamer,
  selection: Selection,
  options: LinesOptions,
  ranges: readonly Window[],
): string {
  const extra = extraOf(
    options,
    'intDiv(toUnixTimestamp64Micro(time), 1000000)',
    sql`time >= ${time(options.window.from)}`,
  );
  const names = [...(options.stepMs ? ['slot'] : []), ...(options.withBefore ? ['present'] : [])];
  const keys = ['service', 'operation', ...names].join(', ');
  const conditions = and(rawConditions(selection, ...ranges));
  return `SELECT ${keys}, n, failed, sum_us, slowest_ms${options.sketches ? ', sketch' : ''}
FROM (
  SELECT service, operation${extra}, ${rollupAggregates}
  FROM ${table('requests')} WHERE ${conditions.text} GROUP BY ${keys}
)`;
}

function extraOf({ stepMs, withBefore }: LinesOptions, seconds: string, isPresent: string): string {
  const step = literal((stepMs ?? 0) / 1_000);
  const slot = stepMs === undefined ? '' : `, toUInt32(intDiv(${seconds}, ${step}) * ${step}) AS slot`;
  return withBefore === true ? `${slot}, ${isPresent} AS present` : slot;
}

/** What lines add up to. */
export const addedCounts = 'sum(n) AS count, sum(failed) AS error_count';

/** A sketch's quantile is right within 1 %, and none is above the maximum, which is known. */
export const addedFigures = `${addedCounts},
  sum(sum_us) AS total_us,
  max(slowest_ms) AS max_ms,
  arrayMap(q -> least(q, max_ms), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(sketch)) AS quantiles`;

import { type Piece, type PieceSource, piecesOf, type Window } from '../../domain/window.ts';
import {
  bucketAggregates,
  durationOf,
  hourStep,
  minuteStep,
  type RollupStep,
} from '../readModels/requestRollups.ts';
import { and, literal } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import { nameConditions, rawConditions, type Selection, second } from './selection.ts';

/**
 * Requests of a window as lines that only need adding up, whether they come from rollups or from raw requests: of a
 * rollup's row one line counts, and one stands for each bucket of its sketch.
 */
export interface LinesOptions {
  window: Window;
  /** Leaves out the lines of sketches, where no percentile is asked for. */
  sketches: boolean;
  /** Adds a column `slot`: the start, in epoch seconds, of the step that a line falls into. */
  stepMs?: number;
  coarsest?: PieceSource;
}

export function requestLines(table: TableNamer, selection: Selection, options: LinesOptions): string {
  // A rollup does not know when its requests were recorded.
  const coarsest = selection.asOf === undefined ? options.coarsest : 'raw';
  return piecesOf(options.window, coarsest)
    .flatMap((piece) => linesOf(table, selection, options, piece))
    .join('\nUNION ALL\n');
}

// A union takes columns by their order, and would make a variant of types that are not the very same.
const counted =
  'toUInt64(n) AS n, toUInt64(failed) AS failed, toUInt64(sum_us) AS sum_us, toFloat64(slowest_ms) AS slowest_ms';
const uncounted =
  'toUInt64(0) AS n, toUInt64(0) AS failed, toUInt64(0) AS sum_us, toFloat64(0) AS slowest_ms';

function linesOf(table: TableNamer, selection: Selection, options: LinesOptions, piece: Piece): string[] {
  if (piece.source === 'raw') return [rawLines(table, selection, options, piece)];
  const step = piece.source === 'hours' ? hourStep : minuteStep;
  const source = (from: string) => rollupFrom(from, selection, step, piece);
  const slot = slotOf(options, `toUnixTimestamp(${step.column})`);
  const counts = `SELECT service, operation${slot}, ${counted}, toInt16(0) AS bucket, toUInt64(0) AS weight ${source(table(step.table))}`;
  if (!options.sketches) return [counts];
  const unfolded = `${table(step.table)} ARRAY JOIN mapKeys(sketch) AS bucket, mapValues(sketch) AS weight`;
  return [counts, `SELECT service, operation${slot}, ${uncounted}, bucket, weight ${source(unfolded)}`];
}

function rollupFrom(from: string, selection: Selection, step: RollupStep, piece: Piece): string {
  const conditions = [
    ...nameConditions(selection),
    `${step.column} >= ${second(piece.from).text}`,
    `${step.column} < ${second(piece.to).text}`,
  ];
  return `FROM ${from} WHERE ${and(conditions).text}`;
}

function rawLines(table: TableNamer, selection: Selection, options: LinesOptions, piece: Piece): string {
  const slot = slotOf(options, 'intDiv(toUnixTimestamp64Micro(time), 1000000)');
  const conditions = and(rawConditions(selection, piece));
  const keys = `service, operation${slot === '' ? '' : ', slot'}`;
  return `SELECT ${keys}, n, failed, sum_us, slowest_ms, bucket, n AS weight
FROM (
  SELECT service, operation${slot}, ${bucketAggregates}
  FROM ${table('requests')} WHERE ${conditions.text} GROUP BY ${keys}, bucket
)`;
}

function slotOf({ stepMs }: LinesOptions, seconds: string): string {
  if (stepMs === undefined) return '';
  const step = literal(stepMs / 1_000);
  return `, toUInt32(intDiv(${seconds}, ${step}) * ${step}) AS slot`;
}

/** What lines add up to. */
export const addedCounts = 'sum(n) AS count, sum(failed) AS error_count';

export const addedFigures = `${addedCounts},
  sum(sum_us) AS total_us,
  max(slowest_ms) AS max_ms,
  arrayMap(b -> least(${durationOf('b')}, max_ms), quantilesExactWeightedIf(0.5, 0.95, 0.99)(bucket, weight, weight > 0)) AS quantiles`;

import { type PieceSource, piecesOf, type Window, windowBefore } from '../../domain/window.ts';
import {
  hourStep,
  mergedQuantiles,
  minuteStep,
  rolledUp,
  rollupCounts,
} from '../readModels/requestRollups.ts';
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
  const slot =
    options.stepMs === undefined ? '' : `, ${slotOf(options.stepMs, `toUnixTimestamp(${column})`)} AS slot`;
  const present =
    options.withBefore === true ? `, ${column} >= ${second(options.window.from).text} AS present` : '';
  // A union would make a variant of types that are not the very same.
  return `SELECT service, operation${slot}${present}, toUInt64(n) AS n, toUInt64(failed) AS failed,
  toUInt64(sum_us) AS sum_us, toFloat64(slowest_ms) AS slowest_ms${options.sketches ? ", CAST(sketch, 'Map(Int16, UInt64)') AS sketch" : ''}
FROM ${table(name)} WHERE ${conditions.text}`;
}

function rawLines(
  table: TableNamer,
  selection: Selection,
  options: LinesOptions,
  ranges: readonly Window[],
): string {
  const columns: Record<string, string> = { service: 'service', operation: 'operation' };
  if (options.stepMs !== undefined) {
    columns.slot = slotOf(options.stepMs, 'intDiv(toUnixTimestamp64Micro(time), 1000000)');
  }
  if (options.withBefore === true) columns.present = sql`time >= ${time(options.window.from)}`;
  const from = `FROM ${table('requests')} WHERE ${and(rawConditions(selection, ...ranges)).text}`;
  const names = Object.keys(columns).join(', ');
  if (options.sketches) {
    return `SELECT ${names}, n, failed, sum_us, slowest_ms, sketch FROM (${rolledUp(columns, from)})`;
  }
  const written = Object.entries(columns).map(([name, of]) => `${of} AS ${name}`);
  return `SELECT ${names}, n, failed, sum_us, slowest_ms
FROM (SELECT ${written.join(', ')}, ${rollupCounts} ${from} GROUP BY ${names})`;
}

/** The start, in epoch seconds, of the step that a time falls into. */
function slotOf(stepMs: number, seconds: string): string {
  const step = literal(stepMs / 1_000);
  return `toUInt32(intDiv(${seconds}, ${step}) * ${step})`;
}

/** What lines add up to. */
export const addedCounts = 'sum(n) AS count, sum(failed) AS error_count';

export const addedFigures = `${addedCounts},
  sum(sum_us) AS total_us,
  max(slowest_ms) AS max_ms,
  ${mergedQuantiles}`;

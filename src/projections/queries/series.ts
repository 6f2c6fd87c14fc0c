import { sourceForStep, stepsOf } from '../../domain/window.ts';
import { toMicros } from './latency.ts';
import type { Reader } from './reader.ts';
import { addedCounts, addedFigures, requestLines } from './requestLines.ts';
import { ratio, type Selection, timeOf } from './selection.ts';

export const seriesMetrics = ['requests', 'errors', 'error_rate', 'p50', 'p95', 'p99'] as const;
export type SeriesMetric = (typeof seriesMetrics)[number];

export interface Point {
  time: string;
  value: number;
}

interface Row {
  slot: number;
  count: string;
  error_count: string;
  quantiles?: number[];
}

const percentiles: Partial<Record<SeriesMetric, number>> = { p50: 0, p95: 1, p99: 2 };

/** One point a step, steps without a request included: their value is 0. */
export async function readSeries(
  reader: Reader,
  selection: Selection,
  asked: { metric: SeriesMetric; stepMs: number },
): Promise<Point[]> {
  const { window } = selection;
  const sketches = percentiles[asked.metric] !== undefined;
  const lines = { window, sketches, stepMs: asked.stepMs, coarsest: sourceForStep(asked.stepMs) };
  const rows = await reader.rows<Row>(
    (table) => `SELECT slot, count, error_count${sketches ? ', quantiles' : ''} FROM (
  SELECT slot, ${sketches ? addedFigures : addedCounts}
  FROM (${requestLines(table, selection, lines)}) GROUP BY slot
)`,
  );
  const bySlot = new Map(rows.map((row) => [Number(row.slot) * 1_000, figureOf(asked.metric, row)]));
  return stepsOf(window, asked.stepMs).map((start) => ({
    time: timeOf(start),
    value: bySlot.get(start) ?? 0,
  }));
}

function figureOf(metric: SeriesMetric, row: Row): number {
  const [count, errors] = [Number(row.count), Number(row.error_count)];
  if (metric === 'requests') return count;
  if (metric === 'errors') return errors;
  if (metric === 'error_rate') return ratio(errors, count);
  return toMicros(row.quantiles?.[percentiles[metric] ?? 0] ?? 0);
}

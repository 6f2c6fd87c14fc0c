import type { Reader } from './reader.ts';
import { addedFigures, requestLines } from './requestLines.ts';
import { ratio, type Selection } from './selection.ts';

export interface OperationLatency {
  service: string;
  operation: string;
  count: number;
  errorCount: number;
  errorRate: number;
  avgMs: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

interface Row {
  service: string;
  operation: string;
  count: string;
  error_count: string;
  total_us: string;
  max_ms: number;
  quantiles: number[];
}

/** How long the requests of a window took, by operation; the busiest first. */
export async function readLatency(reader: Reader, selection: Selection): Promise<OperationLatency[]> {
  const rows = await reader.rows<Row>(
    (table) => `SELECT service, operation, count, error_count, total_us, max_ms, quantiles FROM (
  SELECT service, operation, ${addedFigures}
  FROM (${requestLines(table, selection, { window: selection.window, sketches: true })})
  GROUP BY service, operation HAVING count > 0
) ORDER BY count DESC, service, operation`,
  );
  return rows.map(latencyOf);
}

function latencyOf(row: Row): OperationLatency {
  const count = Number(row.count);
  const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = row.quantiles.map(toMicros);
  return {
    service: row.service,
    operation: row.operation,
    count,
    errorCount: Number(row.error_count),
    errorRate: ratio(Number(row.error_count), count),
    avgMs: toMicros(ratio(Number(row.total_us) / 1_000, count)),
    p50Ms,
    p95Ms,
    p99Ms,
    maxMs: toMicros(row.max_ms),
  };
}

/** No figure here is finer than a microsecond. */
export const toMicros = (ms: number): number => Math.round(ms * 1_000) / 1_000;

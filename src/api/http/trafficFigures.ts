import {
  Counter,
  Histogram,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type Registry,
} from 'prom-client';
import type { NewEvent } from '../../domain/events/envelope.ts';

/**
 * Requests, durations and errors of the watched services, counted from the log's events. Each event costs a few
 * additions to plain numbers; labels are put together only when somebody scrapes.
 */

/** Names come from outside: beyond so many, the rest is counted as one, or memory would follow it. */
const maxOperations = 500;
const maxCodesPerOperation = 50;
const overflow = 'other';

const bucketSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];

interface OperationFigures {
  byStatus: Map<string, number>;
  byCode: Map<string, number>;
  /** One more than there are bounds: the last is for what is slower than all of them. */
  buckets: number[];
  sumSeconds: number;
}

export interface TrafficFigures {
  observe(event: NewEvent): void;
}

export function createTrafficFigures(registry: Registry): TrafficFigures {
  const operations = new Map<string, OperationFigures>();
  const registers = [registry];

  const figuresOf = (name: string): OperationFigures => {
    const key = operations.has(name) || operations.size < maxOperations ? name : overflow;
    let figures = operations.get(key);
    if (figures === undefined) {
      figures = {
        byStatus: new Map(),
        byCode: new Map(),
        buckets: new Array(bucketSeconds.length + 1).fill(0),
        sumSeconds: 0,
      };
      operations.set(key, figures);
    }
    return figures;
  };

  new Counter({
    name: 'chronoscope_requests_total',
    help: 'Requests of the watched services, by outcome',
    labelNames: ['operation', 'status'],
    registers,
    collect() {
      this.reset();
      for (const [operation, { byStatus }] of operations) {
        for (const [status, count] of byStatus) this.inc({ operation, status }, count);
      }
    },
  });
  new Counter({
    name: 'chronoscope_errors_total',
    help: 'Errors of the watched services, by code',
    labelNames: ['operation', 'code'],
    registers,
    collect() {
      this.reset();
      for (const [operation, { byCode }] of operations) {
        for (const [code, count] of byCode) this.inc({ operation, code }, count);
      }
    },
  });
  new DurationHistogram(operations, registry);

  return {
    observe(event) {
      if (event.type === 'RequestCompleted') {
        const { operation, status, durationMs, errorCode } = event.data;
        const figures = figuresOf(operation);
        count(figures.byStatus, status);
        figures.sumSeconds += durationMs / 1000;
        const bucket = bucketOf(durationMs / 1000);
        figures.buckets[bucket] = (figures.buckets[bucket] ?? 0) + 1;
        if (status !== 'success') countCode(figures, errorCode ?? status);
      } else if (event.type === 'ErrorCaptured') {
        countCode(figuresOf(event.data.operation ?? ''), event.data.errorCode ?? '');
      }
    },
  };
}

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const countCode = ({ byCode }: OperationFigures, code: string): void =>
  count(byCode, byCode.has(code) || byCode.size < maxCodesPerOperation ? code : overflow);

function bucketOf(seconds: number): number {
  const found = bucketSeconds.findIndex((bound) => seconds <= bound);
  return found === -1 ? bucketSeconds.length : found;
}

/** The library's histogram takes one value at a time; this one shows counts that were made elsewhere. */
class DurationHistogram extends Histogram<'operation'> {
  readonly #operations: ReadonlyMap<string, OperationFigures>;

  constructor(operations: ReadonlyMap<string, OperationFigures>, registry: Registry) {
    super({
      name: 'chronoscope_request_duration_seconds',
      help: 'How long requests of the watched services took',
      labelNames: ['operation'],
      buckets: bucketSeconds,
      registers: [registry],
    });
    this.#operations = operations;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<'operation'>>> {
    const shown = await super.get();
    return { ...shown, values: [...this.#operations].flatMap(([name, figures]) => samples(name, figures)) };
  }
}

function samples(operation: string, figures: OperationFigures): MetricValueWithName<'operation'>[] {
  const base = 'chronoscope_request_duration_seconds';
  let total = 0;
  const values = figures.buckets.map((inBucket, i) => {
    total += inBucket;
    const le = bucketSeconds[i] ?? '+Inf';
    return { metricName: `${base}_bucket`, labels: { operation, le }, value: total };
  });
  return [
    ...values,
    { metricName: `${base}_sum`, labels: { operation }, value: figures.sumSeconds },
    { metricName: `${base}_count`, labels: { operation }, value: total },
  ];
}

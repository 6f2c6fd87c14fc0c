import type { RecordedEvent } from '../../events/envelope.ts';
import type { Cell, Told } from '../beats/cell.ts';
import type { Measure, Rule } from '../rule.ts';
import { createPaneWindow, type PanePoint, type PaneWindow } from '../windows/paneWindow.ts';
import { type Details, type Kind, type Reading, type Series, windowKind } from './kind.ts';

/** Requests, their failures and how long they took: error rates, percentiles, and the burning of error budgets. */

export const pointsShown = 60;

const succeeded: Told = { sums: [1, 0, 0] };
const failed: Told = { sums: [1, 1, 0] };
const nothing: number[] = [];
/** Columns of the window. Whole microseconds add up to the same in any order. */
const [requestsColumn, failedColumn, microsColumn] = [0, 1, 2] as const;

export interface RequestSettings {
  everyMs: number;
  windowMs: number;
  sketch: boolean;
  /** Of a service level objective on latency: slower ones count as failed. */
  slowerThanMs: number | undefined;
}

export function requestKind(settings: RequestSettings): Kind {
  const panes = settings.windowMs / settings.everyMs;
  const open = () =>
    createPaneWindow({ paneMs: settings.everyMs, panes, columns: 3, sketch: settings.sketch, grace: panes });
  const tells = (event: RecordedEvent) => told(event, settings);
  return windowKind(
    { types: ['RequestCompleted'], tells },
    open,
    (window) => new RequestSeries(window, settings),
  );
}

function told(event: RecordedEvent, { slowerThanMs, sketch }: RequestSettings): Told {
  if (event.type !== 'RequestCompleted') return {};
  const { status, durationMs } = event.data;
  const bad = status !== 'success' || (slowerThanMs !== undefined && durationMs > slowerThanMs);
  if (!sketch) return bad ? failed : succeeded;
  return { sums: [1, bad ? 1 : 0, Math.round(durationMs * 1_000)], took: durationMs };
}

class RequestSeries implements Series {
  readonly #window: PaneWindow;
  readonly #settings: RequestSettings;

  constructor(window: PaneWindow, settings: RequestSettings) {
    this.#window = window;
    this.#settings = settings;
  }

  take({ step, sums = nothing, bins }: Cell) {
    return this.#window.add(step, sums, bins);
  }

  advanceTo(at: number): void {
    this.#window.advanceTo(at);
  }

  isEmpty(): boolean {
    return this.#window.isEmpty() && this.#window.nextChange() === undefined;
  }

  nextChange(): number | undefined {
    return this.#window.nextChange();
  }

  read({ measure, windowMs, everyMs }: Rule, end?: number): Reading {
    const panes = windowMs / everyMs;
    const sum = (column: number) =>
      end === undefined ? this.#window.total(column) : this.#window.sumOver(column, panes, end);
    const requests = sum(requestsColumn);
    const reading = (value: number | undefined): Reading => ({ value, volume: requests });
    switch (measure.kind) {
      case 'requests':
        return reading(requests);
      case 'failed_requests':
        return reading(sum(failedColumn));
      case 'error_rate': {
        const failures = sum(failedColumn);
        return { value: ratio(failures, requests), volume: requests, failures };
      }
      case 'latency': {
        if (measure.of === 'average') return reading(ratio(sum(microsColumn) / 1_000, requests));
        const sketch = end === undefined ? this.#window.sketch() : this.#window.sketchOver(panes, end);
        return reading(sketch.quantile(measure.of === 'max' ? 1 : measure.of));
      }
      case 'burn_rate': {
        const value = this.#burnRate(measure, everyMs, end);
        return { value, volume: requests, failures: sum(failedColumn) };
      }
      default:
        return reading(undefined);
    }
  }

  /** The lesser of the two windows': both must burn for it to be high. */
  #burnRate(measure: BurnMeasure, everyMs: number, end?: number): number | undefined {
    const burns = [measure.pair.longMs, measure.pair.shortMs].map((lengthMs) => {
      const panes = lengthMs / everyMs;
      const bad = this.#window.sumOver(failedColumn, panes, end);
      return ratio(bad, this.#window.sumOver(requestsColumn, panes, end));
    });
    const [long, short] = burns;
    if (long === undefined || short === undefined) return undefined;
    return Math.min(long, short) / budgetOf(measure);
  }

  details(rule: Rule, end?: number): Details {
    const { measure, windowMs, everyMs } = rule;
    const panes = windowMs / everyMs;
    const requests = this.#window.sumOver(requestsColumn, panes, end);
    const failures = this.#window.sumOver(failedColumn, panes, end);
    const figures: Record<string, number> = {
      requests,
      failed: failures,
      errorRate: ratio(failures, requests) ?? 0,
    };
    if (measure.kind === 'burn_rate') this.#addBurns(figures, measure, everyMs, end);
    const quantile = quantileOf(measure);
    const at = { ...(end !== undefined && { end }), ...(quantile !== undefined && { quantile }) };
    const points = this.#window.points(pointsShown, at).map((point) => pointOf(point, measure));
    if (!this.#settings.sketch || requests === 0) return { figures, points };
    const sketch = this.#window.sketchOver(panes, end);
    for (const q of [50, 95, 99]) figures[`p${q}Ms`] = sketch.quantile(q / 100) ?? 0;
    figures.averageMs = this.#window.sumOver(microsColumn, panes, end) / 1_000 / requests;
    return { figures, points, sketch: sketch.encode() };
  }

  #addBurns(figures: Record<string, number>, measure: BurnMeasure, everyMs: number, end?: number) {
    const { pair, objective } = measure;
    figures.objective = objective;
    for (const [name, lengthMs] of [
      ['burnLong', pair.longMs],
      ['burnShort', pair.shortMs],
    ] as const) {
      const panes = lengthMs / everyMs;
      const bad = this.#window.sumOver(failedColumn, panes, end);
      const rate = ratio(bad, this.#window.sumOver(requestsColumn, panes, end)) ?? 0;
      figures[name] = rate / budgetOf(measure);
    }
  }

  save(): unknown {
    return this.#window.save();
  }
}

type BurnMeasure = Extract<Measure, { kind: 'burn_rate' }>;

/** As it is written: 0.1 beside an objective of 0.9, where a subtraction gives a little less. */
const budgetOf = ({ objective }: BurnMeasure): number => Number((1 - objective).toPrecision(12));

const quantileOf = (measure: Measure): number | undefined =>
  measure.kind === 'latency' && measure.of !== 'average'
    ? measure.of === 'max'
      ? 1
      : measure.of
    : undefined;

function pointOf({ time, sums, quantile }: PanePoint, measure: Measure): Details['points'][number] {
  const [requests = 0, failures = 0, micros = 0] = sums;
  const value = pointValue(measure, requests, failures, micros, quantile);
  return { time, ...(value !== undefined && { value }), volume: requests };
}

function pointValue(
  measure: Measure,
  requests: number,
  failures: number,
  micros: number,
  quantile: number | undefined,
): number | undefined {
  switch (measure.kind) {
    case 'requests':
      return requests;
    case 'failed_requests':
      return failures;
    case 'latency':
      return measure.of === 'average' ? ratio(micros / 1_000, requests) : quantile;
    case 'burn_rate':
      return requests === 0 ? undefined : failures / requests / budgetOf(measure);
    default:
      return ratio(failures, requests);
  }
}

export const ratio = (part: number, whole: number): number | undefined =>
  whole === 0 ? undefined : part / whole;

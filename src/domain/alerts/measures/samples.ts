import { healthStates, type TelemetryType } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Aggregate, Rule } from '../rule.ts';
import { createSampleWindow, type SampleWindow } from '../windows/sampleWindow.ts';
import { type Details, type Kind, type Reading, type Series, windowKind } from './kind.ts';
import { pointsShown } from './requests.ts';

/** What is measured now and then: metrics, checks of health, what is left of a limit, how jobs ended. */

interface SampleSettings {
  type: TelemetryType;
  windowMs: number;
  /** A number is a quantile. */
  aggregate: Aggregate | number;
  /** Undefined when the event says nothing of it. */
  sampleOf: (event: RecordedEvent) => number | undefined;
}

export function sampleKind({ type, windowMs, aggregate, sampleOf }: SampleSettings): Kind {
  // Late ones and those of the window of the last step.
  const open = () => createSampleWindow({ windowMs, graceMs: windowMs });
  return windowKind(
    { types: [type], counts: (event) => sampleOf(event) !== undefined },
    open,
    (window) => new SampleSeries(window, aggregate, sampleOf),
  );
}

class SampleSeries implements Series {
  readonly #window: SampleWindow;
  readonly #aggregate: Aggregate | number;
  readonly #sampleOf: SampleSettings['sampleOf'];

  constructor(window: SampleWindow, aggregate: Aggregate | number, sampleOf: SampleSettings['sampleOf']) {
    this.#window = window;
    this.#aggregate = aggregate;
    this.#sampleOf = sampleOf;
  }

  add(event: RecordedEvent, time: number) {
    const value = this.#sampleOf(event);
    return value === undefined ? 'too_late' : this.#window.add(time, value);
  }

  advanceTo(at: number): void {
    this.#window.advanceTo(at);
  }

  isEmpty(): boolean {
    return this.#window.isEmpty() && this.nextChange() === undefined;
  }

  nextChange(): number | undefined {
    return this.#window.nextChange(this.#aggregate);
  }

  read(_rule: Rule, end?: number): Reading {
    const value = finite(this.#window.aggregate(this.#aggregate, end));
    return { value, volume: this.#window.count(end) };
  }

  details(_rule: Rule, end?: number): Details {
    const figures: Record<string, number> = { samples: this.#window.count(end) };
    for (const name of ['last', 'average', 'min', 'max'] as const) {
      const value = finite(this.#window.aggregate(name, end));
      if (value !== undefined) figures[name] = value;
    }
    const points = this.#window.points(pointsShown, this.#aggregate, end);
    return {
      figures,
      points: points.map(({ time, value: found, volume }) => {
        const value = finite(found);
        return { time, ...(value !== undefined && { value }), volume };
      }),
    };
  }

  save(): unknown {
    return this.#window.save();
  }
}

/** The sum of very large samples has no number. */
const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;

export const metricValue = (event: RecordedEvent): number | undefined =>
  event.type === 'MetricRecorded' ? event.data.value : undefined;

export const healthValue = (event: RecordedEvent): number | undefined =>
  event.type === 'HealthChecked' ? healthStates.indexOf(event.data.state) : undefined;

/** Of a limit whose size nobody told, nothing can be said. */
export function limitValue(event: RecordedEvent): number | undefined {
  if (event.type !== 'RateLimitObserved') return undefined;
  const { remaining, limit } = event.data;
  return limit === undefined || limit <= 0 ? undefined : Math.max(0, remaining / limit);
}

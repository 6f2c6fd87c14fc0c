import { healthStates, type TelemetryType } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Cell, Told } from '../beats/cell.ts';
import type { Aggregate, Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';
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
  const tells = (event: RecordedEvent): Told => {
    const sample = sampleOf(event);
    return sample === undefined ? {} : { sample };
  };
  return windowKind(
    { types: [type], counts: (event) => sampleOf(event) !== undefined, tells },
    open,
    (window) => new SampleSeries(window, aggregate),
  );
}

class SampleSeries implements Series {
  readonly #window: SampleWindow;
  readonly #aggregate: Aggregate | number;

  constructor(window: SampleWindow, aggregate: Aggregate | number) {
    this.#window = window;
    this.#aggregate = aggregate;
  }

  take({ samples = [] }: Cell): Arrival {
    let arrival: Arrival = 'too_late';
    for (let at = 0; at < samples.length; at += 2)
      arrival = this.#window.add(samples[at] ?? 0, samples[at + 1] ?? 0);
    return arrival;
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

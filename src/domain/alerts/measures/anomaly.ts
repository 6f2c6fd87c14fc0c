import type { EvidenceSketch } from '../../events/alerts.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Cell, Told } from '../beats/cell.ts';
import type { Rule, Seasonal } from '../rule.ts';
import {
  type Arrival,
  createPaneWindow,
  type PaneWindow,
  type SavedPaneWindow,
} from '../windows/paneWindow.ts';
import { deviation, median, robustScore } from '../windows/robust.ts';
import { Sketch } from '../windows/sketch.ts';
import type { Details, Kind, Reading, Series } from './kind.ts';
import { pointsShown, ratio } from './requests.ts';

/** The present window against the same hour of past days, by median and MAD, which one wild day does not move. */

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** With fewer days to compare with, nothing is said. */
const leastDays = 3;
/** Of the median: what is taken as one deviation at the least. */
const leastDeviation = 0.1;

/** One past hour: requests, failures, and the latency of the slowest twentieth. */
type Hour = [hour: number, requests: number, failures: number, p95: number];

type SavedAnomaly = {
  window: SavedPaneWindow;
  hours: Hour[];
  sketch: EvidenceSketch;
};

export interface AnomalySettings {
  everyMs: number;
  windowMs: number;
  of: Seasonal;
  days: number;
}

export function anomalyKind(settings: AnomalySettings): Kind {
  return {
    types: ['RequestCompleted'],
    tells: (event) => told(event, settings),
    open: () => new AnomalySeries(settings),
    load: (saved) => new AnomalySeries(settings, saved as SavedAnomaly),
  };
}

function told(event: RecordedEvent, { of }: AnomalySettings): Told {
  if (event.type !== 'RequestCompleted') return {};
  const { status, durationMs } = event.data;
  const sums = [1, status === 'success' ? 0 : 1];
  return of === 'latency' ? { sums, took: durationMs } : { sums };
}

class AnomalySeries implements Series {
  readonly #settings: AnomalySettings;
  readonly #window: PaneWindow;
  #at: number;
  /** Oldest first, the newest one still open. */
  #hours: Hour[];
  #sketch = new Sketch();

  constructor(settings: AnomalySettings, saved?: SavedAnomaly) {
    const { everyMs, windowMs, of } = settings;
    this.#settings = settings;
    this.#window = createPaneWindow({
      paneMs: everyMs,
      panes: windowMs / everyMs,
      columns: 2,
      sketch: of === 'latency',
    });
    this.#hours = saved?.hours.map((hour): Hour => [...hour]) ?? [];
    this.#at = saved?.window.at ?? Number.NEGATIVE_INFINITY;
    if (saved === undefined) return;
    this.#window.load(saved.window);
    this.#sketch = Sketch.fromEncoded(saved.sketch);
  }

  take(cell: Cell): Arrival {
    this.#addToHour(cell);
    return this.#window.add(cell.step, cell.sums ?? [], cell.bins);
  }

  #addToHour({ last, sums: [requests = 0, failures = 0] = [], bins = [] }: Cell): void {
    const hour = Math.ceil(last / hourMs);
    let open = this.#hours.at(-1);
    if (open === undefined || hour > open[0]) {
      this.#close();
      open = [hour, 0, 0, 0];
      this.#hours.push(open);
      const oldest = hour - this.#settings.days * 24 - 1;
      while ((this.#hours[0]?.[0] ?? hour) < oldest) this.#hours.shift();
    }
    const own = open[0] === hour ? open : this.#hours.find(([start]) => start === hour);
    if (own === undefined) return;
    own[1] += requests;
    own[2] += failures;
    if (own !== open) return;
    for (let at = 0; at < bins.length; at += 2) this.#sketch.addKey(bins[at] ?? 0, bins[at + 1] ?? 0);
  }

  #close(): void {
    const open = this.#hours.at(-1);
    if (open !== undefined) open[3] = this.#sketch.quantile(0.95) ?? 0;
    this.#sketch = new Sketch();
  }

  advanceTo(at: number): void {
    this.#at = at;
    this.#window.advanceTo(at);
  }

  /** Its history is worth keeping for as long as it can be compared with. */
  isEmpty(): boolean {
    const newest = this.#hours.at(-1)?.[0] ?? 0;
    return newest * hourMs < this.#at - this.#settings.days * dayMs;
  }

  /** With a new hour, it is compared with other ones. */
  nextChange(): number | undefined {
    const change = this.#window.nextChange();
    if (this.#window.isEmpty()) return change;
    const hour = Math.floor(this.#at / hourMs) * hourMs;
    // The hour holds `(start, end]`, so that the first step after its end is the first of the next.
    return Math.min(change ?? Infinity, hour + (this.#at > hour ? hourMs : 0) + this.#settings.everyMs);
  }

  /** Of the same hour of the day on each of the past days that had traffic then. */
  #history(end: number): number[] {
    const present = Math.ceil(end / hourMs);
    const same = this.#hours.filter(
      ([hour, requests]) => hour < present && (present - hour) % 24 === 0 && requests > 0,
    );
    const { of, windowMs } = this.#settings;
    if (of === 'requests') return same.map(([, requests]) => (requests * windowMs) / hourMs);
    return same.map(([, requests, failures, p95]) => (of === 'latency' ? p95 : failures / requests));
  }

  #present(): number | undefined {
    switch (this.#settings.of) {
      case 'requests':
        return this.#window.total(0);
      case 'error_rate':
        return ratio(this.#window.total(1), this.#window.total(0));
      case 'latency':
        return this.#window.sketch().quantile(0.95);
    }
  }

  read(_rule: Rule, end = this.#at): Reading {
    // Earlier windows are not kept.
    if (end < this.#at) return { value: undefined, volume: 0 };
    const volume = this.#window.total(0);
    const present = this.#present();
    const history = this.#history(this.#at);
    if (present === undefined || history.length < leastDays) return { value: undefined, volume };
    const score = robustScore(present, history, this.#floor(history));
    return { value: score === undefined ? undefined : Math.abs(score), volume };
  }

  /** A history without any movement would make every small step a wild one. */
  #floor(history: readonly number[]): number {
    const usual = (median(history) ?? 0) * leastDeviation;
    switch (this.#settings.of) {
      case 'requests':
        return Math.max(usual, 1);
      case 'error_rate':
        return Math.max(usual, 0.005);
      case 'latency':
        return Math.max(usual, 10);
    }
  }

  details(_rule: Rule): Details {
    const history = this.#history(this.#at);
    const figures: Record<string, number> = { days: history.length, requests: this.#window.total(0) };
    const [present, usual, spread] = [this.#present(), median(history), deviation(history)];
    if (present !== undefined) figures.present = present;
    if (usual !== undefined) figures.usual = usual;
    if (spread !== undefined) figures.deviation = spread;
    const quantile = this.#settings.of === 'latency' ? { quantile: 0.95 } : {};
    const points = this.#window.points(pointsShown, quantile).map(({ time, sums, quantile: p95 }) => {
      const [requests = 0, failures = 0] = sums;
      const { of } = this.#settings;
      const value = of === 'requests' ? requests : of === 'latency' ? p95 : ratio(failures, requests);
      return { time, ...(value !== undefined && { value }), volume: requests };
    });
    return { figures, points };
  }

  save(): unknown {
    return {
      window: this.#window.save(),
      hours: this.#hours.map((hour) => [...hour]),
      sketch: this.#sketch.encode(),
    };
  }
}

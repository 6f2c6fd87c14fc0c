import type { Aggregate } from '../rule.ts';
import { aggregated, type SampleRange } from './aggregates.ts';
import type { Arrival } from './paneWindow.ts';

/**
 * The samples of one metric series in a sliding window `(T - windowMs, T]`, and what Prometheus' `…_over_time`, `rate` and
 * `increase` say of them (since version 3; before, its windows took in the sample at their very start).
 */

export interface SampleWindowSettings {
  windowMs: number;
  /** For how long samples are kept behind the window, for late ones and for what an earlier window held. */
  graceMs?: number;
}

export interface SamplePoint {
  time: number;
  value: number | undefined;
  volume: number;
}

export type SavedSampleWindow = {
  at: number | null;
  /** The time of the newest sample that there was no room for. */
  lost: number | null;
  times: number[];
  values: number[];
};

/** Far more than any window needs: a day of samples every ten seconds. */
const mostSamples = 10_000;

export const createSampleWindow = (settings: SampleWindowSettings): SampleWindow =>
  new SampleWindow(settings);

export class SampleWindow {
  readonly #settings: SampleWindowSettings;
  #times: number[] = [];
  #values: number[] = [];
  #at = Number.NEGATIVE_INFINITY;
  #lost = Number.NEGATIVE_INFINITY;

  constructor(settings: SampleWindowSettings) {
    this.#settings = settings;
  }

  /** Of two samples of the same time, the one that came last counts. */
  add(time: number, value: number): Arrival {
    if (time <= this.#forgottenUpTo()) return 'too_late';
    const place = this.#after(time);
    if (this.#times[place - 1] === time) this.#values[place - 1] = value;
    else this.#insert(place, time, value);
    return time <= this.#at ? 'taken' : 'ahead';
  }

  advanceTo(time: number): void {
    if (time < this.#at) throw new RangeError(`a window cannot go back to ${time}`);
    this.#at = time;
    // Not one by one, for taking the first out of an array moves all the others.
    const gone = this.#gone();
    if (gone * 2 >= this.#times.length) this.#drop(gone);
  }

  /** Samples in the window. */
  count(end = this.#at): number {
    const { from, to } = this.#range(end);
    return to - from;
  }

  isEmpty(): boolean {
    return this.count() === 0;
  }

  /** False while the window has lost samples for want of room. */
  isExact(end = this.#at): boolean {
    return this.#lost <= end - this.#settings.windowMs;
  }

  /**
   * A number is a quantile, 0 to 1. Undefined without a sample, and of rates without two of them. `end` is the window's own
   * or, within the grace, an earlier one.
   */
  aggregate(of: Aggregate | number, end = this.#at): number | undefined {
    return aggregated(of, this.#range(end), end - this.#settings.windowMs, end);
  }

  /** When the aggregate changes next without new data. Rates are stretched to the window's ends, which always move. */
  nextChange(of: Aggregate | number): number | undefined {
    const { from, to, times } = this.#range(this.#at);
    const isStretched = (of === 'rate' || of === 'increase') && to - from > 1;
    if (isStretched) return this.#at + 1;
    const oldest = from < to ? times[from] : undefined;
    const leaves = oldest === undefined ? Infinity : oldest + this.#settings.windowMs;
    const next = Math.min(leaves, times[to] ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  /** The window in equal steps, oldest first, each with its aggregate: to draw it. */
  points(steps: number, of: Aggregate | number, end = this.#at): SamplePoint[] {
    if (!Number.isFinite(end)) return [];
    const { windowMs } = this.#settings;
    return Array.from({ length: steps }, (_, step) => {
      const start = end - windowMs + (windowMs * step) / steps;
      const time = end - windowMs + (windowMs * (step + 1)) / steps;
      const range = this.#between(start, time);
      return { time, value: aggregated(of, range, start, time), volume: range.to - range.from };
    });
  }

  save(): SavedSampleWindow {
    this.#drop(this.#gone());
    return {
      at: finite(this.#at),
      lost: finite(this.#lost),
      times: [...this.#times],
      values: [...this.#values],
    };
  }

  /** Goes on from what a window of the same settings has saved. */
  load({ at, lost, times, values }: SavedSampleWindow): void {
    this.#at = at ?? Number.NEGATIVE_INFINITY;
    this.#lost = lost ?? Number.NEGATIVE_INFINITY;
    this.#times = [...times];
    this.#values = [...values];
  }

  #insert(place: number, time: number, value: number): void {
    this.#times.splice(place, 0, time);
    this.#values.splice(place, 0, value);
    if (this.#times.length <= mostSamples) return;
    this.#drop(this.#gone());
    if (this.#times.length <= mostSamples) return;
    this.#lost = Math.max(this.#lost, this.#times[0] ?? this.#lost);
    this.#drop(1);
  }

  #drop(samples: number): void {
    this.#times.splice(0, samples);
    this.#values.splice(0, samples);
  }

  #forgottenUpTo(): number {
    return this.#at - this.#settings.windowMs - (this.#settings.graceMs ?? 0);
  }

  #gone(): number {
    return this.#after(this.#forgottenUpTo());
  }

  #range(end: number): SampleRange {
    return this.#between(end - this.#settings.windowMs, end);
  }

  #between(start: number, end: number): SampleRange {
    return { times: this.#times, values: this.#values, from: this.#after(start), to: this.#after(end) };
  }

  /** Behind the last sample that is not later. */
  #after(time: number): number {
    const times = this.#times;
    let high = times.length;
    if (high === 0 || (times[high - 1] ?? 0) <= time) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null);

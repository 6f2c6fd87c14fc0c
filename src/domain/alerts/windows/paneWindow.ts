import { PaneStore } from './paneStore.ts';
import { Sketch } from './sketch.ts';

/**
 * A sliding window on event time, made of panes of equal length. Pane k covers `((k - 1) * paneMs, k * paneMs]`, so that
 * a time on a boundary belongs to the pane that ends there, and the window at T is `(T - panes * paneMs, T]`.
 */

export interface PaneWindowSettings {
  paneMs: number;
  panes: number;
  /** How many whole numbers are counted side by side. */
  columns: number;
  /** Whether samples are kept too, for quantiles. */
  sketch: boolean;
  /** Panes kept behind the window, for late events and for what an earlier window held. */
  grace?: number;
}

/** `taken` came late: a window that has been evaluated holds it. */
export type Arrival = 'ahead' | 'taken' | 'too_late';

export type SavedPaneWindow = { at: number | null; panes: number[] };

/** A step of the window, named by its end. */
export interface PanePoint {
  time: number;
  sums: number[];
  quantile: number | undefined;
}

/** What others may ask of a sketch that goes on changing. */
export type SketchView = Pick<Sketch, 'count' | 'zeros' | 'quantile' | 'encode'>;

export const createPaneWindow = (settings: PaneWindowSettings): PaneWindow => new PaneWindow(settings);

export class PaneWindow {
  readonly #settings: PaneWindowSettings;
  #store: PaneStore;
  #totals: number[];
  #sketch = new Sketch();
  /** The last pane of the window; none before the first advance. */
  #present = Number.NEGATIVE_INFINITY;
  /** Rows before `#first` have left the window, those from `#next` on have yet to enter it. */
  #first = 0;
  #next = 0;

  constructor(settings: PaneWindowSettings) {
    this.#settings = settings;
    this.#store = new PaneStore(settings.columns);
    this.#totals = Array.from({ length: settings.columns }, () => 0);
  }

  /** Whole increments, one for each column, and bins with how often each was met, in pairs: all of one pane. */
  add(time: number, increments: readonly number[], bins: readonly number[] = []): Arrival {
    const pane = paneOf(time, this.#settings.paneMs);
    if (pane <= this.#leftBehind() - (this.#settings.grace ?? 0)) return 'too_late';
    const kept = this.#settings.sketch ? bins : [];
    if (kept.length > 0 || hasSomething(increments)) this.#count(pane, increments, kept);
    return pane <= this.#present ? 'taken' : 'ahead';
  }

  /** Moves the window so that it ends at `time`, which is a multiple of the pane's length. */
  advanceTo(time: number): void {
    const pane = time / this.#settings.paneMs;
    if (!Number.isInteger(pane) || pane < this.#present)
      throw new RangeError(`a window of panes of ${this.#settings.paneMs} ms cannot go to ${time}`);
    if (pane === this.#present) return;
    this.#present = pane;
    this.#letGo();
    this.#takeIn();
    this.#forget();
  }

  total(column: number): number {
    return this.#totals[column] ?? 0;
  }

  /** Of the whole window; it changes with it. */
  sketch(): SketchView {
    return this.#sketch;
  }

  isEmpty(): boolean {
    return this.#first === this.#next;
  }

  /** When the totals change next without new data: a pane leaves, or one that was kept ahead comes in. */
  nextChange(): number | undefined {
    const leaves = this.isEmpty() ? Infinity : this.#store.paneAt(this.#first) + this.#settings.panes;
    const enters = this.#next === this.#store.length ? Infinity : this.#store.paneAt(this.#next);
    const pane = Math.min(leaves, enters);
    return pane === Infinity ? undefined : pane * this.#settings.paneMs;
  }

  /** Over the last panes up to `end`, which is the window's own or, within the grace, an earlier one. */
  sumOver(column: number, lastPanes: number, end = this.#end()): number {
    const [from, to] = this.#rowsOf(lastPanes, end);
    let sum = 0;
    for (let row = from; row < to; row += 1) sum += this.#store.countAt(row, column);
    return sum;
  }

  sketchOver(lastPanes: number, end = this.#end()): Sketch {
    const [from, to] = this.#rowsOf(lastPanes, end);
    const sketch = new Sketch();
    for (let row = from; row < to; row += 1) this.#store.pourInto(sketch, row, 1);
    return sketch;
  }

  /** The window in at most so many equal steps, oldest first; the oldest is shorter when they do not divide it. */
  points(
    steps: number,
    { quantile, end = this.#end() }: { quantile?: number; end?: number } = {},
  ): PanePoint[] {
    if (!Number.isFinite(end)) return [];
    const { panes, paneMs, columns } = this.#settings;
    const inStep = Math.ceil(panes / steps);
    const points: PanePoint[] = [];
    for (let left = panes; left > 0; ) {
      const length = left % inStep || inStep;
      left -= length;
      const time = end - left * paneMs;
      const sums = Array.from({ length: columns }, (_, column) => this.sumOver(column, length, time));
      const sketch = quantile === undefined ? undefined : this.sketchOver(length, time);
      points.push({ time, sums, quantile: sketch?.quantile(quantile ?? 0) });
    }
    return points;
  }

  save(): SavedPaneWindow {
    const end = this.#end();
    return { at: Number.isFinite(end) ? end : null, panes: this.#store.save() };
  }

  /** Goes on from what a window of the same settings has saved. */
  load({ at, panes }: SavedPaneWindow): void {
    this.#store = new PaneStore(this.#settings.columns);
    this.#store.load(panes);
    this.#totals = this.#totals.fill(0);
    this.#sketch = new Sketch();
    this.#present = at === null ? Number.NEGATIVE_INFINITY : at / this.#settings.paneMs;
    this.#first = this.#store.find(this.#leftBehind() + 1);
    this.#next = this.#first;
    this.#takeIn();
  }

  #end(): number {
    return this.#present * this.#settings.paneMs;
  }

  /** The last pane that has left the window. */
  #leftBehind(): number {
    return this.#present - this.#settings.panes;
  }

  #count(pane: number, increments: readonly number[], bins: readonly number[]): void {
    const row = this.#rowFor(pane);
    const isInWindow = row >= this.#first && row < this.#next;
    for (let column = 0; column < this.#totals.length; column += 1) {
      const increment = increments[column] ?? 0;
      this.#store.count(row, column, increment);
      if (isInWindow) this.#totals[column] = (this.#totals[column] ?? 0) + increment;
    }
    for (let at = 0; at < bins.length; at += 2) {
      const [key, times] = [bins[at] ?? 0, bins[at + 1] ?? 0];
      this.#store.sample(row, key, times);
      if (isInWindow) this.#sketch.addKey(key, times);
    }
  }

  #rowFor(pane: number): number {
    const row = this.#store.find(pane);
    if (row < this.#store.length && this.#store.paneAt(row) === pane) return row;
    this.#store.insert(row, pane);
    if (pane <= this.#leftBehind()) this.#first += 1;
    if (pane <= this.#present) this.#next += 1;
    return row;
  }

  #letGo(): void {
    const leftBehind = this.#leftBehind();
    for (; this.#first < this.#next; this.#first += 1) {
      if (this.#store.paneAt(this.#first) > leftBehind) return;
      this.#pour(this.#first, -1);
    }
  }

  /** A jump may pass panes that were kept ahead altogether: they never enter. */
  #takeIn(): void {
    const leftBehind = this.#leftBehind();
    for (; this.#next < this.#store.length; this.#next += 1) {
      const pane = this.#store.paneAt(this.#next);
      if (pane > this.#present) return;
      if (pane > leftBehind) this.#pour(this.#next, 1);
      else this.#first = this.#next + 1;
    }
  }

  #pour(row: number, times: 1 | -1): void {
    for (let column = 0; column < this.#totals.length; column += 1)
      this.#totals[column] = (this.#totals[column] ?? 0) + times * this.#store.countAt(row, column);
    this.#store.pourInto(this.#sketch, row, times);
  }

  #forget(): void {
    const lastForgotten = this.#leftBehind() - (this.#settings.grace ?? 0);
    let rows = 0;
    while (rows < this.#first && this.#store.paneAt(rows) <= lastForgotten) rows += 1;
    this.#store.drop(rows);
    this.#first -= rows;
    this.#next -= rows;
  }

  #rowsOf(lastPanes: number, end: number): [from: number, to: number] {
    const last = end / this.#settings.paneMs;
    return [this.#store.find(last - lastPanes + 1), this.#store.find(last + 1)];
  }
}

function hasSomething(increments: readonly number[]): boolean {
  for (const increment of increments) if (increment !== 0) return true;
  return false;
}

/** Exact even where the division rounds a time next to a boundary onto it. */
export function paneOf(time: number, paneMs: number): number {
  // Plus zero, for the ceiling of a small negative number is -0.
  const pane = Math.ceil(time / paneMs) + 0;
  if (pane * paneMs < time) return pane + 1;
  return (pane - 1) * paneMs >= time ? pane - 1 : pane;
}

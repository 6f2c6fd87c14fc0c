import type { Cell } from '../beats/cell.ts';
import { type Grouping, groupingBy } from '../labels.ts';
import type { Labels, Rule } from '../rule.ts';
import { paneOf } from '../windows/paneWindow.ts';
import type { Details, Kind, Reading, Series } from './kind.ts';

/** All series of one kind of window, for rules that select and group alike. */

interface Tracked {
  labels: Labels;
  series: Series;
  /** Readings may differ from those of the last evaluation. */
  changed: boolean;
  /** Events that came in for what was evaluated already, since the last evaluation. */
  late: number;
}

export interface SavedProbe {
  at: number | null;
  overflowed: boolean;
  tooLate: number;
  series: [key: string, labels: Labels, changed: boolean, late: number, saved: unknown][];
}

/** Beyond it new label values are not followed, and the rule says so. */
const mostSeries = 20_000;

export class Probe {
  readonly kind: Kind;
  readonly everyMs: number;
  readonly #grouping: Grouping;
  readonly #all = new Map<string, Tracked>();
  #at = Number.NEGATIVE_INFINITY;
  /** There was an event for which there was no more room, and there still is none. */
  #overflowed = false;
  #tooLate = 0;

  constructor(kind: Kind, rule: Pick<Rule, 'by' | 'everyMs'>, saved?: SavedProbe) {
    this.kind = kind;
    this.everyMs = rule.everyMs;
    this.#grouping = groupingBy(rule.by);
    if (saved === undefined) return;
    this.#at = saved.at ?? Number.NEGATIVE_INFINITY;
    this.#overflowed = saved.overflowed;
    this.#tooLate = saved.tooLate;
    for (const [key, labels, changed, late, series] of saved.series) {
      this.#all.set(key, { labels, series: kind.load(series), changed, late });
    }
  }

  /** When the next evaluation has something new because of it; undefined when it came too late. */
  take(key: string, cell: Cell): number | undefined {
    const tracked = this.#trackedFor(key);
    // A rule that cannot follow all has to say so, at the next evaluation.
    if (tracked === undefined) return Math.max(this.#at + this.everyMs, cell.step);
    const arrival = tracked.series.take(cell);
    if (arrival === 'ahead') return cell.step;
    if (arrival === 'too_late') {
      this.#tooLate += cell.count;
      return undefined;
    }
    tracked.changed = true;
    tracked.late += cell.count;
    return this.#at + this.everyMs;
  }

  #trackedFor(key: string): Tracked | undefined {
    const known = this.#all.get(key);
    if (known !== undefined) return known;
    if (this.#all.size >= mostSeries) {
      this.#overflowed = true;
      return undefined;
    }
    const series = this.kind.open();
    if (Number.isFinite(this.#at)) series.advanceTo(this.#at);
    const fresh = { labels: this.#grouping.labelsFrom(key), series, changed: false, late: 0 };
    this.#all.set(key, fresh);
    return fresh;
  }

  /** Every window ends at `at`; what has become empty is let go by `settle`. */
  advanceTo(at: number): void {
    this.#at = at;
    for (const tracked of this.#all.values()) {
      const change = tracked.series.nextChange();
      tracked.series.advanceTo(at);
      if (change !== undefined && change <= at) tracked.changed = true;
    }
  }

  /** The evaluation is over: what changes from here on is news again. */
  settle(): void {
    for (const [key, tracked] of this.#all) {
      tracked.changed = false;
      tracked.late = 0;
      if (tracked.series.isEmpty()) this.#all.delete(key);
    }
    this.#overflowed &&= this.#all.size >= mostSeries;
  }

  *changedKeys(): Iterable<string> {
    for (const [key, { changed }] of this.#all) if (changed) yield key;
  }

  /** When an evaluation finds something else without another event. */
  nextChange(): number | undefined {
    let next: number | undefined;
    for (const { series, changed } of this.#all.values()) {
      const change = changed ? this.#at + this.everyMs : series.nextChange();
      if (change !== undefined && (next === undefined || change < next)) next = change;
    }
    return next === undefined ? undefined : paneOf(next, this.everyMs) * this.everyMs;
  }

  deaf(forMs: number): void {
    for (const { series } of this.#all.values()) series.deaf?.(forMs);
  }

  clear(): void {
    this.#all.clear();
  }

  keyFrom(labels: Labels): string {
    return this.#grouping.keyFrom(labels);
  }

  /** Every reading is to be judged at the next evaluation. */
  touchAll(): void {
    for (const tracked of this.#all.values()) tracked.changed = true;
  }

  forgetLate(): void {
    for (const tracked of this.#all.values()) tracked.late = 0;
  }

  get at(): number {
    return this.#at;
  }

  labelsOf(key: string): Labels | undefined {
    return this.#all.get(key)?.labels;
  }

  lateOf(key: string): number {
    return this.#all.get(key)?.late ?? 0;
  }

  read(key: string, rule: Rule, end?: number): Reading | undefined {
    return this.#all.get(key)?.series.read(rule, end);
  }

  details(key: string, rule: Rule, end?: number): Details {
    return this.#all.get(key)?.series.details(rule, end) ?? { figures: {}, points: [] };
  }

  get overflowed(): boolean {
    return this.#overflowed;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Events that came too late for every window, since the start. */
  get tooLate(): number {
    return this.#tooLate;
  }

  save(): SavedProbe {
    return {
      at: Number.isFinite(this.#at) ? this.#at : null,
      overflowed: this.#overflowed,
      tooLate: this.#tooLate,
      series: [...this.#all].map(([key, { labels, changed, late, series }]) => [
        key,
        labels,
        changed,
        late,
        series.save(),
      ]),
    };
  }
}

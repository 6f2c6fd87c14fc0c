import type { TelemetryType } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import { type Cell, newCell, tell } from '../beats/cell.ts';
import { type Grouping, groupingBy, labelOf } from '../labels.ts';
import { compileMatchers } from '../matchers.ts';
import type { Rule } from '../rule.ts';
import { paneOf } from '../windows/paneWindow.ts';
import type { Kind } from './kind.ts';

/** What one series is told at once. */
export interface SeriesPartial {
  key: string;
  cells: Cell[];
}

/** Finds out which series an event is of, and what it tells them. */
export class SeriesReader {
  readonly everyMs: number;
  readonly grouping: Grouping;
  readonly #kind: Kind;
  readonly #selects: (event: RecordedEvent) => boolean;

  constructor(kind: Kind, rule: Pick<Rule, 'select' | 'by' | 'everyMs'>) {
    this.#kind = kind;
    this.everyMs = rule.everyMs;
    const read = (event: RecordedEvent, name: string) => kind.label?.(event, name) ?? labelOf(event, name);
    this.grouping = groupingBy(rule.by, read);
    this.#selects = selecting(rule.select, read);
  }

  get types(): readonly TelemetryType[] {
    return this.#kind.types;
  }

  /** Whether an event of its types tells it something. */
  hears(event: RecordedEvent): boolean {
    return this.#kind.counts?.(event) !== false && this.#selects(event);
  }

  /** Adds what an event that it hears tells to its series; gives the cell when it is a new one. */
  read(event: RecordedEvent, time: number, into: SeriesList): Cell | undefined {
    const { cells } = into.of(this.grouping.keyOf(event));
    const step = paneOf(time, this.everyMs) * this.everyMs;
    const known = cellAt(cells, step);
    const cell = known ?? newCell(step, time);
    if (known === undefined) cells.push(cell);
    tell(cell, this.#kind.tells?.(event) ?? {}, time);
    return known === undefined ? cell : undefined;
  }
}

/** Mostly it is the newest one. */
function cellAt(cells: readonly Cell[], step: number): Cell | undefined {
  for (let at = cells.length - 1; at >= 0; at -= 1) if (cells[at]?.step === step) return cells[at];
  return undefined;
}

/** With more of them they are looked up, not looked through. */
const fewSeries = 8;

/** Series in the order in which they were told of first. */
export class SeriesList {
  readonly all: SeriesPartial[];
  #byKey: Map<string, SeriesPartial> | undefined;

  constructor(all: SeriesPartial[] = []) {
    this.all = all;
  }

  of(key: string): SeriesPartial {
    const known = this.#find(key);
    if (known !== undefined) return known;
    const fresh = { key, cells: [] };
    this.all.push(fresh);
    this.#byKey?.set(key, fresh);
    return fresh;
  }

  #find(key: string): SeriesPartial | undefined {
    if (this.all.length > fewSeries) {
      this.#byKey ??= new Map(this.all.map((one) => [one.key, one]));
      return this.#byKey.get(key);
    }
    for (const one of this.all) if (one.key === key) return one;
    return undefined;
  }
}

function selecting(
  select: Rule['select'],
  read: (event: RecordedEvent, name: string) => string,
): (event: RecordedEvent) => boolean {
  if (select.length === 0) return () => true;
  const fits = compileMatchers(select);
  const names = [...new Set(select.map(({ label }) => label))];
  return (event) => fits(Object.fromEntries(names.map((name) => [name, read(event, name)])));
}

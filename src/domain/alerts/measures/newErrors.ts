import type { RecordedEvent } from '../../events/envelope.ts';
import type { Cell } from '../beats/cell.ts';
import type { ReadFault } from '../processor/faults.ts';
import type { Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';
import type { Details, Kind, Reading, Series } from './kind.ts';

/** Errors that have not been seen before, for as long as they are new. */

/** How often it was seen within a stretch of time. */
interface Seen {
  first: number;
  last: number;
  count: number;
}

type SavedError = { at: number | null; seen: Seen | null; ahead: [step: number, seen: Seen][] };

/** An error that has not been seen for so long is new again. */
const forgottenAfterMs = 30 * 86_400_000;

export interface NewErrorSettings {
  windowMs: number;
  everyMs: number;
}

export const newErrorKind = (settings: NewErrorSettings, readFault: ReadFault): Kind => ({
  types: ['ErrorCaptured', 'RequestCompleted'],
  counts: (event) => event.type === 'ErrorCaptured' || isFailed(event),
  label(event, name) {
    if (name === 'fingerprint') return readFault(event)?.fingerprint;
    return name === 'message' ? readFault(event)?.message : undefined;
  },
  open: () => new NewErrorSeries(settings),
  load: (saved) => new NewErrorSeries(settings, saved as SavedError),
});

const isFailed = (event: RecordedEvent): boolean =>
  event.type === 'RequestCompleted' && event.data.status !== 'success';

class NewErrorSeries implements Series {
  readonly #settings: NewErrorSettings;
  #at: number;
  #seen: Seen | undefined;
  /** What the next steps will see. */
  readonly #ahead: Map<number, Seen>;

  constructor(settings: NewErrorSettings, saved?: SavedError) {
    this.#settings = settings;
    this.#at = saved?.at ?? Number.NEGATIVE_INFINITY;
    this.#seen = saved?.seen ?? undefined;
    this.#ahead = new Map(saved?.ahead);
  }

  take({ step, first, last, count }: Cell): Arrival {
    const more = { first, last, count };
    if (step <= this.#at) {
      // A late one may have been the first; what has been told of is not taken back.
      this.#seen = both(this.#seen, more);
      return 'taken';
    }
    this.#ahead.set(step, both(this.#ahead.get(step), more));
    return 'ahead';
  }

  advanceTo(at: number): void {
    this.#at = at;
    if (this.#ahead.size === 0) return;
    for (const [step, seen] of [...this.#ahead].sort(([a], [b]) => a - b)) {
      if (step > at) return;
      this.#seen = isForgotten(this.#seen, seen.first) ? seen : both(this.#seen, seen);
      this.#ahead.delete(step);
    }
  }

  isEmpty(): boolean {
    return this.#ahead.size === 0 && isForgotten(this.#seen, this.#at);
  }

  /** After it has stopped being new, nothing changes until it is forgotten. */
  nextChange(): number | undefined {
    const ages = (this.#seen?.first ?? Number.NEGATIVE_INFINITY) + this.#settings.windowMs;
    const isNew = ages > this.#at;
    let next = isNew ? ages : Infinity;
    for (const [step, { first }] of this.#ahead) {
      if (step < next && (isNew || isForgotten(this.#seen, first))) next = step;
    }
    return next === Infinity ? undefined : next;
  }

  read(_rule: Rule, end = this.#at): Reading {
    // How many there had been before is not kept.
    if (this.#seen === undefined || end < this.#at) return { value: undefined, volume: 0 };
    const { first, count } = this.#seen;
    return { value: first > end - this.#settings.windowMs ? count : 0, volume: count };
  }

  details(_rule: Rule): Details {
    if (this.#seen === undefined) return { figures: {}, points: [] };
    const { first, count } = this.#seen;
    return { figures: { count, knownForMs: Math.max(0, this.#at - first) }, points: [] };
  }

  save(): unknown {
    const at = Number.isFinite(this.#at) ? this.#at : null;
    return { at, seen: this.#seen ? { ...this.#seen } : null, ahead: [...this.#ahead] };
  }
}

const isForgotten = (seen: Seen | undefined, at: number): boolean =>
  seen === undefined || at - seen.last >= forgottenAfterMs;

const both = (a: Seen | undefined, b: Seen): Seen =>
  a === undefined
    ? b
    : { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), count: a.count + b.count };

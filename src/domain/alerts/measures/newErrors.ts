import type { RecordedEvent } from '../../events/envelope.ts';
import type { ReadFault } from '../processor/faults.ts';
import type { Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';
import type { Details, Json, Kind, Reading, Series } from './kind.ts';

/** Errors that have not been seen before, for as long as they are new. */

type SavedError = {
  at: number | null;
  first: number | null;
  last: number;
  count: number;
  ahead: [step: number, count: number][];
};

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
  load: (saved) => new NewErrorSeries(settings, saved as unknown as SavedError),
});

const isFailed = (event: RecordedEvent): boolean =>
  event.type === 'RequestCompleted' && event.data.status !== 'success';

class NewErrorSeries implements Series {
  readonly #settings: NewErrorSettings;
  #at: number;
  #first: number | undefined;
  #last: number;
  #count: number;
  /** What the next steps will have to count. */
  readonly #ahead: Map<number, number>;

  constructor(settings: NewErrorSettings, saved?: SavedError) {
    this.#settings = settings;
    this.#at = saved?.at ?? Number.NEGATIVE_INFINITY;
    this.#first = saved?.first ?? undefined;
    this.#last = saved?.last ?? Number.NEGATIVE_INFINITY;
    this.#count = saved?.count ?? 0;
    this.#ahead = new Map(saved?.ahead);
  }

  add(_event: RecordedEvent, time: number): Arrival {
    if (time - this.#last >= forgottenAfterMs) this.#begin();
    this.#last = Math.max(this.#last, time);
    // A late one may have been the first; what has been told of is not taken back.
    this.#first = Math.min(this.#first ?? time, time);
    if (time <= this.#at) {
      this.#count++;
      return 'taken';
    }
    const step = Math.ceil(time / this.#settings.everyMs) * this.#settings.everyMs;
    this.#ahead.set(step, (this.#ahead.get(step) ?? 0) + 1);
    return 'ahead';
  }

  #begin(): void {
    this.#first = undefined;
    this.#count = 0;
    this.#ahead.clear();
  }

  advanceTo(at: number): void {
    this.#at = at;
    for (const [step, count] of this.#ahead) {
      if (step > at) continue;
      this.#count += count;
      this.#ahead.delete(step);
    }
  }

  isEmpty(): boolean {
    return this.#at - this.#last >= forgottenAfterMs;
  }

  /** After it has stopped being new, nothing changes until it is forgotten. */
  nextChange(): number | undefined {
    if (this.#first === undefined) return undefined;
    const ages = this.#first + this.#settings.windowMs;
    return ages > this.#at ? Math.min(ages, ...this.#ahead.keys()) : undefined;
  }

  read(_rule: Rule, end = this.#at): Reading {
    // How many there had been before is not kept.
    if (end < this.#at) return { value: undefined, volume: 0 };
    const first = this.#first;
    const isNew = first !== undefined && first <= end && first > end - this.#settings.windowMs;
    return { value: isNew ? this.#count : 0, volume: this.#count };
  }

  details(_rule: Rule): Details {
    const figures = { count: this.#count, firstSeen: this.#first ?? 0, lastSeen: this.#last };
    return { figures, points: [] };
  }

  save(): Json {
    const at = Number.isFinite(this.#at) ? this.#at : null;
    const ahead = [...this.#ahead];
    return { at, first: this.#first ?? null, last: this.#last, count: this.#count, ahead };
  }
}

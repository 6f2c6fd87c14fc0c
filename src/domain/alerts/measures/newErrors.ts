import type { RecordedEvent } from '../../events/envelope.ts';
import type { ReadFault } from '../processor/faults.ts';
import type { Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';
import type { Details, Json, Kind, Reading, Series } from './kind.ts';

/** Errors that have not been seen before, for as long as they are new. */

type SavedError = { at: number | null; first: number | null; last: number; count: number };

/** An error that has not been seen for so long is new again. */
const forgottenAfterMs = 30 * 86_400_000;

export const newErrorKind = ({ windowMs, readFault }: { windowMs: number; readFault: ReadFault }): Kind => ({
  types: ['ErrorCaptured', 'RequestCompleted'],
  counts: (event) => event.type === 'ErrorCaptured' || isFailed(event),
  label(event, name) {
    if (name === 'fingerprint') return readFault(event)?.fingerprint;
    return name === 'message' ? readFault(event)?.message : undefined;
  },
  open: () => new NewErrorSeries(windowMs),
  load: (saved) => new NewErrorSeries(windowMs, saved as unknown as SavedError),
});

const isFailed = (event: RecordedEvent): boolean =>
  event.type === 'RequestCompleted' && event.data.status !== 'success';

class NewErrorSeries implements Series {
  readonly #windowMs: number;
  #at: number;
  #first: number | undefined;
  #last: number;
  #count: number;

  constructor(windowMs: number, saved?: SavedError) {
    this.#windowMs = windowMs;
    this.#at = saved?.at ?? Number.NEGATIVE_INFINITY;
    this.#first = saved?.first ?? undefined;
    this.#last = saved?.last ?? Number.NEGATIVE_INFINITY;
    this.#count = saved?.count ?? 0;
  }

  add(_event: RecordedEvent, time: number): Arrival {
    this.#count++;
    this.#last = Math.max(this.#last, time);
    // A late one may have been the first; what has been told of is not taken back.
    this.#first = Math.min(this.#first ?? time, time);
    return time <= this.#at ? 'taken' : 'ahead';
  }

  advanceTo(at: number): void {
    this.#at = at;
  }

  isEmpty(): boolean {
    return this.#at - this.#last >= forgottenAfterMs;
  }

  /** After it has stopped being new, nothing changes until it is forgotten. */
  nextChange(): number | undefined {
    if (this.#first === undefined) return undefined;
    if (this.#first > this.#at) return this.#first;
    const ages = this.#first + this.#windowMs;
    return ages > this.#at ? ages : undefined;
  }

  read(_rule: Rule, end = this.#at): Reading {
    const first = this.#first;
    const isNew = first !== undefined && first <= end && first > end - this.#windowMs;
    return { value: isNew ? this.#count : 0, volume: this.#count };
  }

  details(_rule: Rule): Details {
    const figures = { count: this.#count, firstSeen: this.#first ?? 0, lastSeen: this.#last };
    return { figures, points: [] };
  }

  save(): Json {
    const at = Number.isFinite(this.#at) ? this.#at : null;
    return { at, first: this.#first ?? null, last: this.#last, count: this.#count };
  }
}

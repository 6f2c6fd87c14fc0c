import type { RecordedEvent } from '../../events/envelope.ts';

/**
 * Puts events into the order in which they happened without holding the log in memory: the few that came late are
 * gathered in a first pass, and in the second all others wait for a short while for what is still under way.
 */

/** What comes later than this is gathered in the first pass. */
export const horizonMs = 60_000;

/** They are kept in memory. */
const mostLate = 300_000;
const leastSorted = 4_096;

interface Placed {
  event: RecordedEvent;
  /** When it happened; a clock that goes ahead does not make it known before it came. */
  at: number;
  /** Counts the events in log order. */
  place: number;
}

const knownAt = ({ occurredAt, recordedAt }: RecordedEvent): number => Math.min(occurredAt, recordedAt);

const byTime = (a: Placed, b: Placed): number => a.at - b.at || a.place - b.place;

const isLate = (event: RecordedEvent): boolean => event.recordedAt - event.occurredAt > horizonMs;

export class Reordering {
  readonly #emit: (event: RecordedEvent) => void;
  #late: Placed[] = [];
  #nextLate = 0;
  #gathered = 0;
  #places = 0;
  #waiting: Placed[] = [];
  #sortAt = leastSorted;
  #newest = Number.NEGATIVE_INFINITY;
  /** Late events that stay where they arrived. */
  leftInPlace = 0;

  /** What is emitted has the time at which it happened as the time at which it was recorded. */
  constructor(emit: (event: RecordedEvent) => void) {
    this.#emit = emit;
  }

  /** The first pass. */
  gather(event: RecordedEvent): void {
    const place = this.#places++;
    if (!isLate(event)) return;
    if (this.#late.length < mostLate) this.#late.push({ event, at: knownAt(event), place });
    else this.leftInPlace++;
  }

  gatheringEnds(): void {
    this.#late.sort(byTime);
    this.#places = 0;
  }

  /** The second pass, over the same events. */
  add(event: RecordedEvent): void {
    const place = this.#places++;
    if (event.recordedAt > this.#newest) this.#newest = event.recordedAt;
    if (!isLate(event)) this.#waiting.push({ event, at: knownAt(event), place });
    else if (this.#gathered < mostLate) this.#gathered++;
    else this.#waiting.push({ event, at: event.recordedAt, place });
    if (this.#waiting.length >= this.#sortAt) this.#emitUpTo(this.#newest - horizonMs);
  }

  end(): void {
    this.#emitUpTo(Number.POSITIVE_INFINITY);
  }

  #emitUpTo(time: number): void {
    for (let one = this.#late[this.#nextLate]; one !== undefined && one.at < time; ) {
      this.#waiting.push(one);
      one = this.#late[++this.#nextLate];
    }
    const sorted = this.#waiting.sort(byTime);
    let count = 0;
    for (let one = sorted[0]; one !== undefined && one.at < time; one = sorted[++count]) {
      this.#emit({ ...one.event, recordedAt: one.at });
    }
    this.#waiting = sorted.slice(count);
    // Each event is then sorted about twice, however many wait.
    this.#sortAt = Math.max(leastSorted, 2 * this.#waiting.length);
  }
}

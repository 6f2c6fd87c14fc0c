import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Position } from '../../domain/position.ts';
import type { EventBatch, EventFeed } from '../ports.ts';

/** An unbroken stretch of a lane in memory, `begin < position <= end`. */
export class KeptEvents {
  #begin: Position | undefined;
  #end: Position | undefined;
  #events: RecordedEvent[] = [];
  readonly #compare: EventFeed['compare'];

  constructor(at: Position | undefined, compare: EventFeed['compare']) {
    this.#begin = at;
    this.#end = at;
    this.#compare = compare;
  }

  get begin(): Position | undefined {
    return this.#begin;
  }

  get end(): Position | undefined {
    return this.#end;
  }

  isBefore(a: Position | undefined, b: Position | undefined): boolean {
    return b !== undefined && (a === undefined || this.#compare(a, b) < 0);
  }

  /** Up to `position` something is missing here. */
  beginAt(position: Position): void {
    this.#begin = position;
    this.#end = position;
    this.#events = [];
  }

  add(position: Position, event: RecordedEvent | undefined): void {
    if (event !== undefined) this.#events.push(event);
    this.#end = position;
  }

  countBehind(after: Position | undefined): number {
    return this.#events.length - this.#indexBehind(after);
  }

  /** `after` is not before the beginning. */
  batchBehind(after: Position | undefined, maxEvents: number): EventBatch | undefined {
    if (this.#end === undefined) return undefined;
    const start = this.#indexBehind(after);
    const events = this.#events.slice(start, start + maxEvents);
    const isAll = start + events.length === this.#events.length;
    const to = isAll ? this.#end : (events.at(-1)?.position ?? this.#end);
    return { events, from: after, to };
  }

  /** Of what stands up to `position`, no more than the newest `count` events stay. */
  forgetBut(count: number, position: Position | undefined): void {
    const forgotten = this.#events[this.#indexBehind(position) - count - 1];
    if (forgotten === undefined) return;
    this.#begin = forgotten.position;
    this.#events = this.#events.slice(this.#indexBehind(this.#begin));
  }

  #indexBehind(after: Position | undefined): number {
    if (after === undefined) return 0;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isBefore(after, this.#events[middle]?.position)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

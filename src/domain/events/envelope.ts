import type { Position } from '../position.ts';
import type { EventData, EventType } from './catalogue.ts';

/** What every event carries, whatever its type. Optional fields are absent, never empty. */
export interface Envelope {
  /** UUID in lower case; the idempotency key: the same id twice is one event. */
  id: string;
  /** Epoch milliseconds, up to microseconds behind the point. */
  occurredAt: number;
  project: string;
  service: string;
  requestId?: string;
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  userId?: string;
}

/** One event type with its data, tied together so that a `switch` on `type` narrows `data`. */
type Typed<T extends EventType> = { [K in T]: { type: K; version: number; data: EventData<K> } }[T];

/** An event as the doors hand it to the log. */
export type NewEvent<T extends EventType = EventType> = Envelope & Typed<T>;

/** An event as the log gives it back. `recordedAt` never decreases along the log. */
export type RecordedEvent<T extends EventType = EventType> = NewEvent<T> & {
  recordedAt: number;
  position: Position;
  stream: string;
};

import type { RecordedEvent } from '../domain/events/envelope.ts';
import { timeOf } from '../projections/queries/selection.ts';

/** An event as readers outside see it: times in words, and without the stream that it is kept in. */
export function shownEvent({ occurredAt, recordedAt, stream: _stream, ...event }: RecordedEvent) {
  const { id, type, version, position, data, ...rest } = event;
  return {
    id,
    type,
    version,
    position,
    time: timeOf(occurredAt),
    recordedAt: timeOf(recordedAt),
    ...rest,
    data,
  };
}

export type ShownEvent = ReturnType<typeof shownEvent>;

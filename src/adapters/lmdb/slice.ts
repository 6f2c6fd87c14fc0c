import type { RecordedEvent } from '../../domain/events/envelope.ts';

/** The events with `after < position <= until`, at most `max`; the same array when that is all of them. */
export function between(
  events: readonly RecordedEvent[],
  after: number,
  until: number,
  max: number,
): readonly RecordedEvent[] {
  const start = firstBehind(events, after);
  const end = Math.min(firstBehind(events, until), start + max);
  return start === 0 && end === events.length ? events : events.slice(start, end);
}

/** The index of the first event behind `position`. */
function firstBehind(events: readonly RecordedEvent[], position: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number((events[middle] as RecordedEvent).position) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

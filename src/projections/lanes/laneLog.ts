import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { laneOf } from '../../domain/lanes.ts';
import type { EventBatch, EventFeed, ReadOptions } from '../ports.ts';

export interface LaneOfLog {
  log: Pick<EventFeed, 'read'>;
  lane: number;
  lanes: number;
}

const readEvents = 2_000;
/** A reader is told how far it is after so many events, though few or none of them are of its lane. */
const mostPassedOver = 100_000;
const defaultMaxEvents = 1_000;

/** What one lane holds, read from the log itself: the same events whenever it is read. */
export async function* readLane(
  { log, lane, lanes }: LaneOfLog,
  { after, until, maxEvents = defaultMaxEvents, signal }: ReadOptions,
): AsyncGenerator<EventBatch> {
  let from = after;
  let to = after;
  let events: RecordedEvent[] = [];
  let passedOver = 0;
  const take = (): EventBatch[] => {
    if (to === undefined || to === from) return [];
    const batch = { events, from, to };
    [from, events, passedOver] = [to, [], 0];
    return [batch];
  };
  const options = { after, until, maxEvents: readEvents, ...(signal !== undefined && { signal }) };
  for await (const batch of log.read(options)) {
    for (const event of batch.events) {
      if (laneOf(event, lanes) !== lane) continue;
      events.push(event);
      to = event.position;
      if (events.length >= maxEvents) yield* take();
    }
    to = batch.to;
    passedOver += batch.events.length;
    if (passedOver >= mostPassedOver) yield* take();
  }
  yield* take();
}

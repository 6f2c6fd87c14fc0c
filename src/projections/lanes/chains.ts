import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { laneOf } from '../../domain/lanes.ts';
import type { Position } from '../../domain/position.ts';
import type { EventBatch, EventFeed } from '../ports.ts';
import type { LaneMessage } from './ports.ts';

export type LaneMessages = ReadonlyMap<number, readonly LaneMessage[]>;

export interface Chains {
  /** From here on the log has to be shown. */
  readonly from: Position | undefined;
  /** What a batch that follows the one before comes to: its events, and a mark in every lane that ends earlier. */
  messagesOf(batch: Pick<EventBatch, 'events' | 'to'>): LaneMessages;
  /** Says nothing new; the topic forgets what is old, and would otherwise forget how far it came. */
  traces(): LaneMessages;
}

/**
 * How far each lane has been written. It begins with what the lanes themselves hold: those that have come further than
 * the one furthest behind are not written again up to there. A lane that holds nothing begins where the writing does;
 * whatever it held before that is in the log.
 */
export function createChains(
  newest: readonly (Position | undefined)[],
  compare: EventFeed['compare'],
): Chains {
  const from = leastOf(newest, compare);
  const ends = newest.map((position) => position ?? from);
  const isBehind = (lane: number, position: Position): boolean => {
    const end = ends[lane];
    return end === undefined || compare(end, position) < 0;
  };

  return {
    from,
    messagesOf({ events, to }) {
      const messages = ends.map((): LaneMessage[] => []);
      const put = (lane: number, position: Position, event?: RecordedEvent) => {
        if (!isBehind(lane, position)) return;
        messages[lane]?.push({ previous: ends[lane], position, ...(event !== undefined && { event }) });
        ends[lane] = position;
      };
      for (const event of events) put(laneOf(event, ends.length), event.position, event);
      for (const lane of ends.keys()) put(lane, to);
      return filled(messages);
    },
    traces: () => filled(ends.map((end) => (end === undefined ? [] : [{ previous: end, position: end }]))),
  };
}

const filled = (messages: readonly LaneMessage[][]): LaneMessages =>
  new Map([...messages.entries()].filter(([, lane]) => lane.length > 0));

/** Of those that there are. */
function leastOf(
  positions: readonly (Position | undefined)[],
  compare: EventFeed['compare'],
): Position | undefined {
  let least: Position | undefined;
  for (const position of positions) {
    if (position !== undefined && (least === undefined || compare(position, least) < 0)) least = position;
  }
  return least;
}

import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { EventBatch } from '../../projections/ports.ts';
import { positionAfter } from '../numberedFeed.ts';
import type { LogState } from './logState.ts';

export interface TimeRange {
  fromTime: number;
  toTime: number;
  signal?: AbortSignal;
}

/** Times never decrease along the log, so that what was recorded in a range of time stands together. */
export async function* readByTime(state: LogState, range: TimeRange): AsyncGenerator<EventBatch> {
  const { fromTime, toTime, signal } = range;
  const until = state.head;
  let after = (state.directory.at(state.directory.indexAtTime(fromTime))?.first ?? until + 1) - 1;
  while (after < until) {
    const head = state.directory.at(state.directory.indexAfter(after));
    if (head === undefined || head.minAt >= toTime) return;
    const { events, to } = await state.stretch(after, Math.min(head.last, until), Number.MAX_SAFE_INTEGER);
    if (state.closed || signal?.aborted) return;
    const within = events.filter(({ recordedAt }) => recordedAt >= fromTime && recordedAt < toTime);
    const [first, last] = [within[0], within.at(-1)];
    if (first !== undefined && last !== undefined) yield batchOf(within, first, last);
    after = to;
  }
}

function batchOf(events: readonly RecordedEvent[], first: RecordedEvent, last: RecordedEvent): EventBatch {
  return { events, from: positionAfter(Number(first.position) - 1), to: last.position };
}

import { type AllStreamResolvedEvent, START } from '@eventstore/db-client';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { EventBatch } from '../../projections/ports.ts';
import { backOff, pause, stopWith } from '../waiting.ts';
import { arrivals } from './arrivals.ts';
import { fromServer } from './envelope.ts';
import { isPassing, unavailable } from './failures.ts';
import { pageBack } from './head.ts';
import type { LogState } from './logState.ts';
import { positionText, serverPosition } from './position.ts';

const PAGE = 1_000;
const MOST_TRIES = 6;
/** The servers of a cluster write by their own clocks, which may differ by so much. */
const CLOCK_SLACK_MS = 60_000;

export interface TimeRange {
  fromTime: number;
  toTime: number;
  signal?: AbortSignal;
}

/** Events recorded within a range of time. Each batch is one unbroken stretch of the log. */
export async function* readByTime(log: LogState, range: TimeRange): AsyncGenerator<EventBatch> {
  const stop = stopWith([log.connection.closing, range.signal]);
  try {
    yield* readRange(log, range, stop.signal);
  } finally {
    stop.release();
  }
}

async function* readRange(log: LogState, range: TimeRange, signal: AbortSignal): AsyncGenerator<EventBatch> {
  let at = await placeBefore(log, range.fromTime - CLOCK_SLACK_MS, signal);
  let run: { events: RecordedEvent[]; from: bigint | undefined; to: bigint } | undefined;
  for (let tries = 0; !signal.aborted; ) {
    try {
      for await (const items of forward(log, at, signal)) {
        tries = 0;
        for (const { event: raw } of items) {
          if (raw === undefined || (at !== undefined && raw.position.commit <= at)) continue;
          const position = raw.position.commit;
          const event = fromServer(raw, log.upcast);
          const from = at;
          at = position;
          if (event === undefined) continue;
          if (event.recordedAt >= range.toTime + CLOCK_SLACK_MS) {
            if (run !== undefined) yield batchOf(run);
            return;
          }
          if (event.recordedAt >= range.fromTime && event.recordedAt < range.toTime) {
            run ??= { events: [], from, to: position };
            run.events.push(event);
            run.to = position;
            if (run.events.length < PAGE) continue;
          }
          if (run !== undefined) yield batchOf(run);
          run = undefined;
        }
        mark(log, items);
      }
      if (run !== undefined && !signal.aborted) yield batchOf(run);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error) || ++tries > MOST_TRIES) throw unavailable(error, log.connection.hosts);
      await pause(backOff(tries), signal);
    }
  }
}

const batchOf = (run: {
  events: readonly RecordedEvent[];
  from: bigint | undefined;
  to: bigint;
}): EventBatch => ({
  events: run.events,
  from: run.from === undefined ? undefined : positionText(run.from),
  to: positionText(run.to),
});

async function* forward(log: LogState, at: bigint | undefined, signal: AbortSignal) {
  const fromPosition = at === undefined ? START : serverPosition(at);
  const reading = log.connection.client.readAll({ fromPosition }, { highWaterMark: PAGE });
  try {
    yield* arrivals<AllStreamResolvedEvent>(reading, PAGE, signal);
  } finally {
    void reading.cancel().catch(() => undefined);
  }
}

/** A position with nothing before it that was recorded at `time` or later; undefined for the very start. */
async function placeBefore(log: LogState, time: number, signal: AbortSignal): Promise<bigint | undefined> {
  const known = log.bookmarks.before(time);
  let from = log.bookmarks.atOrBehind(time);
  while (!signal.aborted) {
    const page = await pageBack(log.connection, from, PAGE);
    mark(log, page);
    for (const { event } of page) {
      if (event === undefined) continue;
      const position = event.position.commit;
      if (known !== undefined && position <= known) return known;
      const ours = fromServer(event, log.upcast);
      if (ours !== undefined && ours.recordedAt < time) return position;
    }
    const last = page.at(-1)?.event?.position.commit;
    if (last === undefined || page.length < PAGE) return undefined;
    from = last;
  }
  return undefined;
}

/** One place of each page is noted, so that the next search is shorter. */
function mark(log: LogState, items: readonly AllStreamResolvedEvent[]): void {
  for (const { event } of items) {
    const ours = fromServer(event, log.upcast);
    if (ours === undefined) continue;
    log.bookmarks.add(ours.recordedAt, BigInt(ours.position));
    return;
  }
}

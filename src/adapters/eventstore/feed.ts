import { type AllStreamResolvedEvent, START, streamNameFilter } from '@eventstore/db-client';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { EventBatch, ReadOptions } from '../../projections/ports.ts';
import { backOff, pause, stopWith } from '../waiting.ts';
import { arrivals } from './arrivals.ts';
import { fromServer, OUR_STREAMS } from './envelope.ts';
import { isPassing, unavailable } from './failures.ts';
import type { LogState } from './logState.ts';
import { bytesOf, earlier, positionText, safeBytes, serverPosition } from './position.ts';

const DEFAULT_MAX_EVENTS = 1_000;
/** The server looks at 32 events at a time and tells after so many times how far it is. */
const CHECKPOINT_INTERVAL = 32;
const MOST_TRIES = 8;

/** A word of the server's between the events: everything up to there has been looked at. */
interface LookedAt {
  lookedAt: bigint;
}

type Item = AllStreamResolvedEvent | LookedAt;

/** How far one reader is. */
interface Reader {
  readonly log: LogState;
  readonly signal: AbortSignal;
  readonly release: () => void;
  readonly maxEvents: number;
  /** Inclusive; undefined for one that goes on for ever. */
  readonly until: bigint | undefined;
  /** Where the last batch ended. */
  told: bigint | undefined;
  /** What has been looked at since. */
  handled: bigint | undefined;
}

function readerOf(log: LogState, options: ReadOptions, until: bigint | undefined): Reader {
  const { after, maxEvents = DEFAULT_MAX_EVENTS, signal } = options;
  const stop = stopWith([log.connection.closing, signal]);
  const start = after === undefined ? undefined : bytesOf(after);
  return {
    log,
    signal: stop.signal,
    release: stop.release,
    maxEvents,
    until,
    told: start,
    handled: start,
  };
}

const ended = ({ until, told, signal }: Reader): boolean =>
  signal.aborted || (until !== undefined && told !== undefined && told >= until);

/** Ends at `until`, or at the head as it was when asked. */
export async function* readUntil(
  log: LogState,
  options: ReadOptions,
  head: Promise<bigint | undefined>,
): AsyncGenerator<EventBatch> {
  const newest = await head;
  const asked = options.until === undefined ? newest : bytesOf(options.until);
  if (newest === undefined || asked === undefined) return;
  const until = earlier(asked, newest);
  const reader = readerOf(log, options, until);
  try {
    yield* readAgain(reader, until);
  } finally {
    reader.release();
  }
}

async function* readAgain(reader: Reader, until: bigint): AsyncGenerator<EventBatch> {
  let tries = 0;
  while (!ended(reader)) {
    try {
      yield* readOn(reader, () => {
        tries = 0;
      });
      // What is left up to there is no event of ours, or has been forgotten.
      if (!ended(reader)) yield batchOf(reader, [], until);
      return;
    } catch (error) {
      if (reader.signal.aborted) return;
      if (!isPassing(error) || ++tries > MOST_TRIES) throw unavailable(error, reader.log.connection.hosts);
      await pause(backOff(tries), reader.signal);
    }
  }
}

async function* readOn(reader: Reader, onProgress: () => void): AsyncGenerator<EventBatch> {
  const { log, signal, maxEvents, told } = reader;
  // What was taken before a failure and not handed out is read again.
  reader.handled = told;
  const reading = log.connection.client.readAll(
    { fromPosition: told === undefined ? START : serverPosition(told) },
    { highWaterMark: maxEvents },
  );
  const waiting: RecordedEvent[] = [];
  try {
    for await (const items of arrivals<AllStreamResolvedEvent>(reading, maxEvents, signal)) {
      onProgress();
      for (const item of items) {
        const passed = take(reader, item, waiting);
        if (passed || waiting.length === maxEvents) {
          if (waiting.length > 0) yield batchOf(reader, waiting.splice(0), endOf(reader, passed));
          if (passed) return;
        }
      }
    }
    if (waiting.length > 0 && !signal.aborted) yield batchOf(reader, waiting, reader.handled);
  } finally {
    void reading.cancel().catch(() => undefined);
  }
}

/** Never ends by itself: it comes back from wherever it was when the connection is lost. */
export async function* subscribeFrom(log: LogState, options: ReadOptions): AsyncGenerator<EventBatch> {
  const reader = readerOf(log, options, options.until === undefined ? undefined : bytesOf(options.until));
  try {
    yield* followAgain(reader);
  } finally {
    reader.release();
  }
}

async function* followAgain(reader: Reader): AsyncGenerator<EventBatch> {
  let tries = 0;
  while (!ended(reader)) {
    try {
      yield* follow(reader, () => {
        tries = 0;
      });
    } catch (error) {
      if (reader.signal.aborted) return;
      if (!isPassing(error)) throw unavailable(error, reader.log.connection.hosts);
    }
    if (!ended(reader)) await pause(backOff(tries++), reader.signal);
  }
}

async function* follow(reader: Reader, onProgress: () => void): AsyncGenerator<EventBatch> {
  const { log, signal, maxEvents, handled } = reader;
  const newestBefore = log.newest;
  const filter = streamNameFilter({
    regex: OUR_STREAMS,
    checkpointInterval: CHECKPOINT_INTERVAL,
    // The client calls this while events before it still wait to be read; among them it comes in its turn.
    checkpointReached: (subscription, position) => {
      subscription.push({ lookedAt: safeBytes(position) } satisfies LookedAt);
    },
  });
  const subscription = log.connection.client.subscribeToAll(
    { fromPosition: handled === undefined ? START : serverPosition(handled), filter },
    { highWaterMark: maxEvents },
  );
  subscription.on('caughtUp', () => {
    if (newestBefore !== undefined) subscription.push({ lookedAt: newestBefore } satisfies LookedAt);
  });
  try {
    for await (const items of arrivals<Item>(subscription, maxEvents, signal)) {
      onProgress();
      const events: RecordedEvent[] = [];
      let passed = false;
      for (const item of items) {
        passed = take(reader, item, events);
        if (passed) break;
      }
      const to = endOf(reader, passed);
      if (events.length > 0 || passed || isWorthTelling(reader, to, newestBefore))
        yield batchOf(reader, events, to);
      if (passed) return;
    }
  } finally {
    void subscription.unsubscribe().catch(() => undefined);
  }
}

/** True when what was asked for has been passed. */
function take(reader: Reader, item: Item, events: RecordedEvent[]): boolean {
  const position = 'lookedAt' in item ? item.lookedAt : item.event?.position.commit;
  const { handled, until, log } = reader;
  if (position === undefined || (handled !== undefined && position <= handled)) return false;
  if (until !== undefined && position > until) return true;
  if (!('lookedAt' in item)) {
    const event = fromServer(item.event, log.upcast);
    if (event !== undefined) {
      events.push(event);
      log.sizes.learn(handled ?? position, position, 1);
      log.sawPosition(position);
    }
  }
  reader.handled = position;
  return position === until;
}

/** Never beyond our newest event: a reader that is at the head has to find itself there, whatever else the server holds. */
function endOf({ until, told, handled, log: { newest } }: Reader, passed: boolean): bigint | undefined {
  if (passed) return until;
  if (handled === undefined || newest === undefined) return told;
  return handled < newest ? handled : newest;
}

/** Where events of ours were, and are no more, a reader hears that it is at the head. */
const isWorthTelling = ({ told }: Reader, to: bigint | undefined, head: bigint | undefined): boolean => {
  const before = told ?? 0n;
  return to !== undefined && head !== undefined && before < head && to >= head;
};

function batchOf(reader: Reader, events: readonly RecordedEvent[], to: bigint | undefined): EventBatch {
  const from = reader.told;
  const end = to ?? from ?? 0n;
  reader.told = end;
  if (reader.handled === undefined || reader.handled < end) reader.handled = end;
  return { events, from: from === undefined ? undefined : positionText(from), to: positionText(end) };
}

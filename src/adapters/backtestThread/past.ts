import type { EventLog } from '../../projections/ports.ts';
import type { ReadPacked } from '../lmdb/packedReader.ts';
import type { BacktestRequest } from './messages.ts';

/** A part of the past, as the thread is shown it. */
export interface Part {
  request: Extract<BacktestRequest, { kind: 'take' | 'show' }>;
  handedOver: ArrayBuffer[];
  eventsRead: number;
  eventsTotal: number;
}

/** What was recorded in `[fromTime, toTime)`, in the order of the log. */
export type ReadPast = (range: PastRange) => AsyncIterable<Part>;

interface PastRange {
  fromTime: number;
  toTime: number;
  signal: AbortSignal;
}

const eventsAtOnce = 20_000;

export interface PackedLog extends Pick<EventLog, 'readByTime' | 'head'> {
  readPacked: ReadPacked;
  file: string;
}

/** Blocks as they stand on disk, which the thread unpacks for itself. */
export const packedPast = (log: PackedLog): ReadPast =>
  async function* packed({ fromTime, toTime, signal }) {
    const head = Number((await log.head()) ?? 0);
    const first = (await placeOf(log, fromTime)) ?? head;
    const until = (await placeOf(log, toTime)) ?? head;
    for (let after = first; after < until; ) {
      signal.throwIfAborted();
      const read = await log.readPacked({ after, until, maxEvents: eventsAtOnce, signal });
      if (read === undefined) return;
      const { blocks, to } = read;
      yield {
        request: { kind: 'take', blocks, after, until: to, file: log.file },
        handedOver: blocks.map(({ buffer }) => buffer),
        eventsRead: to - first,
        eventsTotal: until - first,
      };
      after = to;
    }
  };

async function placeOf(log: Pick<EventLog, 'readByTime'>, time: number): Promise<number | undefined> {
  for await (const { from } of log.readByTime({ fromTime: time, toTime: Number.MAX_SAFE_INTEGER }))
    return Number(from ?? 0);
  return undefined;
}

/** From a log that knows no blocks; how many events there will be, it can only guess. */
export const plainPast = (log: Pick<EventLog, 'readByTime' | 'head' | 'distance'>): ReadPast =>
  async function* plain(range) {
    const head = await log.head();
    let eventsTotal: number | undefined;
    let eventsRead = 0;
    for await (const { events, from } of log.readByTime(range)) {
      range.signal.throwIfAborted();
      eventsTotal ??= head === undefined ? 0 : log.distance(from, head);
      eventsRead += events.length;
      yield {
        request: { kind: 'show', events },
        handedOver: [],
        eventsRead,
        eventsTotal: Math.max(eventsTotal, eventsRead),
      };
    }
  };

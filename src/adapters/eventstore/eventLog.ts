import type { NewEvent } from '../../domain/events/envelope.ts';
import { type UpcastTable, upcastTable } from '../../domain/events/upcast.ts';
import type { Position } from '../../domain/position.ts';
import type { EventLog } from '../../projections/ports.ts';
import { endWithLog, refuseClosed } from '../numberedFeed.ts';
import { pause } from '../waiting.ts';
import { append } from './appender.ts';
import { type ConnectOptions, connectEventStore, type EventStoreConnection } from './connection.ts';
import { Expiry } from './expiry.ts';
import { readUntil, subscribeFrom } from './feed.ts';
import { HeadFinder } from './head.ts';
import { LogState } from './logState.ts';
import { bytesOf, compareServerPositions, parseServerPosition, positionText } from './position.ts';
import { statsOf } from './stats.ts';
import { readStream } from './streamReader.ts';
import { readByTime } from './timeReader.ts';

export interface EventStoreLogOptions extends ConnectOptions {
  upcast?: UpcastTable;
  /** How long an append is tried before it counts as refused. */
  appendTimeoutMs?: number;
  /** What one append may weigh; the server's own limit is 1 MiB unless it is told otherwise. */
  maxAppendBytes?: number;
  /** When an event was recorded that comes from another log. Without it, or undefined, the server's time counts. */
  recordedAt?: (event: NewEvent) => number | undefined;
}

export interface EventStoreLog extends EventLog {
  /** For what is kept beside the log. Closed with it. */
  readonly connection: EventStoreConnection;
}

const DEFAULT_APPEND_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_APPEND_BYTES = 1_000_000;
const PROBE_MS = 2_000;
/** How long appends that are under way may hold up closing. */
const CLOSE_MS = 1_000;

export async function openEventStoreLog(options: EventStoreLogOptions): Promise<EventStoreLog> {
  const connection = await connectEventStore(options);
  const log = new LogState(connection, {
    upcast: options.upcast ?? upcastTable,
    appendTimeoutMs: options.appendTimeoutMs ?? DEFAULT_APPEND_TIMEOUT_MS,
    maxAppendBytes: options.maxAppendBytes ?? DEFAULT_MAX_APPEND_BYTES,
    recordedAt: options.recordedAt,
  });
  const head = new HeadFinder(log);
  const expiry = new Expiry(log);
  try {
    // What was there before is told apart from what this process appends.
    await head.find();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return withMethods(log, head, expiry);
}

function withMethods(log: LogState, head: HeadFinder, expiry: Expiry): EventStoreLog {
  const { connection } = log;
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    log.closed = true;
    await Promise.race([Promise.allSettled(underWay), pause(CLOSE_MS)]);
    await connection.close();
  };
  return {
    connection,
    append: async (appends) => {
      refuseClosed(log);
      const appending = append(log, appends);
      underWay.add(appending);
      return appending.finally(() => underWay.delete(appending));
    },
    read: (options = {}) => {
      refuseClosed(log);
      const newest = head.find();
      newest.catch(() => undefined);
      return endWithLog(log, readUntil(log, options, newest));
    },
    subscribe: (options = {}) => {
      refuseClosed(log);
      return endWithLog(log, subscribeFrom(log, options));
    },
    head: async () => {
      refuseClosed(log);
      return positionOr(await head.find());
    },
    compare: compareServerPositions,
    distance: (from, to) => log.sizes.eventsIn(bytesOf(to) - (from === undefined ? 0n : bytesOf(from))),
    parsePosition: parseServerPosition,
    readStream: (stream, options = {}) => {
      refuseClosed(log);
      return endWithLog(log, readStream(log, stream, options));
    },
    readByTime: (range) => {
      refuseClosed(log);
      return endWithLog(log, readByTime(log, range));
    },
    expire: async (options) => {
      refuseClosed(log);
      return expiry.expire(options);
    },
    // What the server does for itself, and what its operator runs: nothing is left to do from here.
    maintain: async () => refuseClosed(log),
    stats: async () => {
      refuseClosed(log);
      return statsOf(log, head, expiry);
    },
    ping: async () => {
      refuseClosed(log);
      await connection.probe(PROBE_MS);
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

const positionOr = (bytes: bigint | undefined): Position | undefined =>
  bytes === undefined ? undefined : positionText(bytes);

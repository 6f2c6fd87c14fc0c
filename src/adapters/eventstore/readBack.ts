import { BACKWARDS, END, type RecordedEvent } from '@eventstore/db-client';
import { stopWith } from '../waiting.ts';
import { arrivals } from './arrivals.ts';
import type { EventStoreConnection } from './connection.ts';
import { isNotFound, unreachable } from './failures.ts';

const PAGE = 500;

/** A stream's events, the newest first. The client's reads have no time-out of their own. */
export async function* readBack(
  { client, closing, hosts }: EventStoreConnection,
  stream: string,
  most: number,
  until: number,
): AsyncGenerator<RecordedEvent> {
  const stop = stopWith([closing], until - performance.now());
  const reading = client.readStream(
    stream,
    { direction: BACKWARDS, fromRevision: END, maxCount: most },
    { highWaterMark: PAGE },
  );
  try {
    for await (const page of arrivals<{ event?: RecordedEvent }>(reading, PAGE, stop.signal)) {
      for (const { event } of page) if (event !== undefined) yield event;
    }
  } finally {
    stop.release();
    void reading.cancel().catch(() => undefined);
  }
  if (stop.isLate) throw unreachable(hosts, `reading ${stream} took too long`);
}

/** The stream's newest event, undefined where there is none. */
export async function lastEvent(
  connection: EventStoreConnection,
  stream: string,
  timeoutMs: number,
): Promise<RecordedEvent | undefined> {
  try {
    for await (const event of readBack(connection, stream, 1, performance.now() + timeoutMs)) return event;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return undefined;
}

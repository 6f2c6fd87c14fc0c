import type { ResolvedEvent } from '@eventstore/db-client';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { backOff, pause, stopWith } from '../waiting.ts';
import { arrivals } from './arrivals.ts';
import type { EventStoreConnection } from './connection.ts';
import { fromServer } from './envelope.ts';
import { isNotFound, isPassing, unavailable } from './failures.ts';
import type { LogState } from './logState.ts';

const PAGE = 500;
const MOST_TRIES = 6;

export async function* readStream(
  log: LogState,
  stream: string,
  { fromRevision = 0, signal: asked }: { fromRevision?: number; signal?: AbortSignal },
): AsyncGenerator<readonly RecordedEvent[]> {
  const { closing, hosts } = log.connection;
  const { signal, release } = stopWith([closing, asked]);
  let next = BigInt(fromRevision);
  try {
    for (let tries = 0; !signal.aborted; ) {
      try {
        for await (const page of streamPages(log.connection, stream, next, signal)) {
          tries = 0;
          next = (page.at(-1)?.event?.revision ?? next - 1n) + 1n;
          const events = page
            .map(({ event }) => fromServer(event, log.upcast))
            .filter((event) => event !== undefined);
          if (events.length > 0) yield events;
        }
        return;
      } catch (error) {
        if (signal.aborted || isNotFound(error)) return;
        if (!isPassing(error) || ++tries > MOST_TRIES) throw unavailable(error, hosts);
        await pause(backOff(tries), signal);
      }
    }
  } finally {
    release();
  }
}

/** As the server gives them, other programs' events included. */
export async function* streamPages(
  { client }: EventStoreConnection,
  stream: string,
  fromRevision: bigint,
  signal: AbortSignal,
): AsyncGenerator<readonly ResolvedEvent[]> {
  const reading = client.readStream(stream, { fromRevision }, { highWaterMark: PAGE });
  try {
    yield* arrivals<ResolvedEvent>(reading, PAGE, signal);
  } finally {
    void reading.cancel().catch(() => undefined);
  }
}

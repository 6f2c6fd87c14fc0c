import { type AllStreamResolvedEvent, START } from '@eventstore/db-client';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { LogStats } from '../../projections/ports.ts';
import { arrivals } from './arrivals.ts';
import { fromServer } from './envelope.ts';
import type { Expiry } from './expiry.ts';
import { unavailable } from './failures.ts';
import type { HeadFinder } from './head.ts';
import type { LogState } from './logState.ts';
import { serverPosition } from './position.ts';

const PAGE = 100;

/** What can be told without counting: the server does not say how many events it has, nor how large they are. */
export async function statsOf(log: LogState, head: HeadFinder, expiry: Expiry): Promise<LogStats> {
  const [newest, expiredBefore] = await Promise.all([head.find(), expiry.expiredBefore()]);
  const first = newest === undefined ? undefined : await firstFrom(log, undefined);
  const last = newest === undefined ? undefined : await firstFrom(log, newest);
  const begin = first === undefined ? newest : BigInt(first.position);
  return {
    bytes: Number(newest ?? 0n),
    events: newest === undefined || begin === undefined ? 0 : log.sizes.eventsIn(newest - begin) + 1,
    firstRecordedAt: first?.recordedAt,
    lastRecordedAt: last?.recordedAt,
    expiredBefore,
  };
}

/** The first event of ours at or behind a position. */
async function firstFrom(log: LogState, from: bigint | undefined): Promise<RecordedEvent | undefined> {
  const { client, closing, hosts } = log.connection;
  const fromPosition = from === undefined ? START : serverPosition(from);
  const reading = client.readAll({ fromPosition }, { highWaterMark: PAGE });
  try {
    for await (const items of arrivals<AllStreamResolvedEvent>(reading, PAGE, closing)) {
      for (const { event } of items) {
        const ours = fromServer(event, log.upcast);
        if (ours !== undefined) return ours;
      }
    }
    return undefined;
  } catch (error) {
    throw unavailable(error, hosts);
  } finally {
    void reading.cancel().catch(() => undefined);
  }
}

import { type AllStreamResolvedEvent, BACKWARDS, END } from '@eventstore/db-client';
import { backOff, pause, stopWith } from '../waiting.ts';
import { arrivals } from './arrivals.ts';
import type { EventStoreConnection } from './connection.ts';
import { isOurs } from './envelope.ts';
import { isPassing, unavailable, unreachable } from './failures.ts';
import type { LogState } from './logState.ts';
import { serverPosition } from './position.ts';

const FIRST_PAGE = 1;
const PAGE = 500;
const PAGE_MS = 5_000;

/**
 * The position of our newest event. The server cannot filter a backward read, so what is no event of ours is passed over
 * here; what was passed over once is not read again.
 */
export class HeadFinder {
  private readonly log: LogState;
  private lookedTo = -1n;
  private looking: Promise<bigint | undefined> | undefined;
  private next: Promise<bigint | undefined> | undefined;

  constructor(log: LogState) {
    this.log = log;
  }

  /** One that is asked for while another look is under way shares the next one, which sees all that was before it. */
  find(): Promise<bigint | undefined> {
    if (this.looking === undefined) {
      this.looking = this.look().finally(() => {
        this.looking = undefined;
      });
      return this.looking;
    }
    this.next ??= this.looking
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.find();
      });
    return this.next;
  }

  private async look(): Promise<bigint | undefined> {
    const { log } = this;
    let from: bigint | undefined;
    let newestSeen: bigint | undefined;
    for (let size = FIRST_PAGE; ; size = PAGE) {
      const page = await pageBack(log.connection, from, size);
      for (const { event } of page) {
        if (event === undefined) continue;
        const position = event.position.commit;
        newestSeen ??= position;
        const known = log.newest !== undefined && position <= log.newest;
        if (!known && isOurs(event)) log.sawPosition(position);
        else if (!known && position > this.lookedTo) continue;
        this.lookedTo = newestSeen;
        return log.newest;
      }
      const last = page.at(-1)?.event?.position.commit;
      if (page.length < size || last === undefined) {
        this.lookedTo = newestSeen ?? this.lookedTo;
        return log.newest;
      }
      from = last;
    }
  }
}

/** Events before `from`, or before the end, the newest first; tried again while the server is away for a moment. */
export async function pageBack(
  connection: EventStoreConnection,
  from: bigint | undefined,
  size: number,
): Promise<readonly AllStreamResolvedEvent[]> {
  for (let tries = 0; ; tries++) {
    try {
      return await readPage(connection, from, size);
    } catch (error) {
      if (!isPassing(error) || tries >= MOST_TRIES || connection.closing.aborted) {
        throw unavailable(error, connection.hosts);
      }
      await pause(backOff(tries), connection.closing);
    }
  }
}

const MOST_TRIES = 6;

async function readPage(
  { client, closing, hosts }: EventStoreConnection,
  from: bigint | undefined,
  size: number,
): Promise<readonly AllStreamResolvedEvent[]> {
  const stop = stopWith([closing], PAGE_MS);
  const reading = client.readAll(
    { direction: BACKWARDS, fromPosition: from === undefined ? END : serverPosition(from), maxCount: size },
    { highWaterMark: size },
  );
  const page: AllStreamResolvedEvent[] = [];
  try {
    for await (const items of arrivals<AllStreamResolvedEvent>(reading, size, stop.signal)) {
      page.push(...items);
    }
  } finally {
    stop.release();
    void reading.cancel().catch(() => undefined);
  }
  if (stop.isLate) throw unreachable(hosts, `reading took more than ${PAGE_MS} ms`);
  return page;
}

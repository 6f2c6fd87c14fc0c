import type { EventData } from '@eventstore/db-client';
import { LogUnavailableError } from '../../projections/ports.ts';
import { backOff, pause, unlessAborted, within } from '../waiting.ts';
import type { EventStoreConnection } from './connection.ts';
import { actualRevision, isNotFound, isPassing, unavailable, unreachable } from './failures.ts';
import { readBack } from './readBack.ts';

/** -1 expects that there is no stream. */
export type Expected = 'any' | number;

export type Delivered =
  | {
      kind: 'stored';
      /** The stream's last revision and position, with these events; undefined when the server does not tell. */
      revision: number | undefined;
      position: bigint | undefined;
      /** Ids that were found there already. */
      found: ReadonlySet<string>;
    }
  | { kind: 'conflict'; actual: number };

export interface Delivery {
  stream: string;
  expected: Expected;
  events: readonly EventData[];
  /** Some may have got there in a call whose end nobody saw. */
  doubtful?: boolean;
}

/** Answers that contradict each other are not asked for without end. */
const MOST_MIXED_ANSWERS = 5;
const LOOK_BACK_EVENTS = 1_000;
const GRACE_MS = 250;

/**
 * One append, tried again while the time lasts. After a call whose end is unknown, an append with an expected revision is
 * just repeated: the server knows its own. One without is only repeated for what is not in the stream yet, for the server
 * remembers ids of such appends for a while and forgets them when it restarts.
 */
export async function deliver(
  connection: EventStoreConnection,
  delivery: Delivery,
  until: number,
): Promise<Delivered> {
  const { stream, expected } = delivery;
  let { events, doubtful = false } = delivery;
  const found = new Set<string>();
  let position: bigint | undefined;
  let mixed = 0;
  for (let tries = 0; ; tries++) {
    try {
      if (doubtful && expected === 'any') {
        const there = await idsIn(connection, stream, events, until);
        for (const [id] of there.ids) found.add(id);
        position = there.newest ?? position;
        events = events.filter(({ id }) => !there.ids.has(id));
        doubtful = false;
      }
      if (events.length === 0) return { kind: 'stored', revision: undefined, position, found };
      const stored = await send(connection, stream, events, expected, until);
      return { kind: 'stored', ...stored, found };
    } catch (error) {
      const actual = actualRevision(error);
      if (actual !== undefined && expected !== 'any') return { kind: 'conflict', actual };
      // Without an expectation, the server says so when it knows some of the ids and others not.
      const goesOn = actual === undefined ? isPassing(error) : ++mixed < MOST_MIXED_ANSWERS;
      if (connection.closing.aborted) throw closedMeanwhile();
      if (!goesOn || performance.now() >= until) throw unavailable(error, connection.hosts);
      doubtful = true;
      await pause(Math.min(backOff(tries), until - performance.now()), connection.closing);
    }
  }
}

async function send(
  { client, hosts, closing }: EventStoreConnection,
  stream: string,
  events: readonly EventData[],
  expected: Expected,
  until: number,
): Promise<{ revision: number; position: bigint | undefined }> {
  const deadline = until - performance.now();
  if (deadline <= 0) throw unreachable(hosts, 'there was no time left for another try');
  const appending = client.appendToStream(stream, [...events], {
    expectedRevision: expectedBy(expected),
    deadline: Math.ceil(deadline),
  });
  // Finding a server comes before the client's deadline and has none.
  const bounded = within(appending, deadline + GRACE_MS, () =>
    unreachable(hosts, 'no server was found in time'),
  );
  const { nextExpectedRevision, position } = await unlessAborted(bounded, closing, closedMeanwhile);
  return { revision: Number(nextExpectedRevision), position: position?.commit };
}

function expectedBy(expected: Expected) {
  if (expected === 'any') return 'any';
  return expected < 0 ? 'no_stream' : BigInt(expected);
}

const closedMeanwhile = (): LogUnavailableError =>
  new LogUnavailableError('closed', 'The event log was closed before the event store had answered.');

/** Which of the events are in the stream, as far back as is looked. */
export async function idsIn(
  connection: EventStoreConnection,
  stream: string,
  events: readonly { id: string }[],
  until: number,
): Promise<{ ids: ReadonlyMap<string, number>; newest: bigint | undefined }> {
  const wanted = new Set(events.map(({ id }) => id));
  const ids = new Map<string, number>();
  let newest: bigint | undefined;
  try {
    const back = readBack(connection, stream, events.length + LOOK_BACK_EVENTS, until);
    for await (const { id, revision, position } of back) {
      if (!wanted.has(id)) continue;
      ids.set(id, Number(revision));
      if (position !== undefined && (newest === undefined || position.commit > newest))
        newest = position.commit;
      if (ids.size === wanted.size) break;
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return { ids, newest };
}

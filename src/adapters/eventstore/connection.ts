import { setMaxListeners } from 'node:events';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { LogUnavailableError } from '../../projections/ports.ts';
import { backOff, pause, within } from '../waiting.ts';
import { clientAddress, hostsIn } from './address.ts';
import { actualRevision, unavailable, unreachable } from './failures.ts';

export interface EventStoreConnection {
  readonly client: EventStoreDBClient;
  /** For messages: the address without its credentials. */
  readonly hosts: string;
  /** Aborted when it is closed. */
  readonly closing: AbortSignal;
  /** Throws when the server could not take an append within `ms`. */
  probe(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  url: string;
  /** How long a server that is away is waited for. */
  openTimeoutMs?: number;
}

const DEFAULT_OPEN_TIMEOUT_MS = 30_000;
const PROBE_MS = 5_000;
/** Also when hardly any time is left: a try that could not have succeeded tells nothing. */
const LEAST_PROBE_MS = 1_000;
/** The client waits for calls to end that it has cancelled; one that does not holds nothing up. */
const DISPOSE_MS = 1_000;
const PROBE_STREAM = 'chronoscope.probe';
/** No stream gets this far: the server's writer answers that the expectation is wrong, and writes nothing. */
const NEVER_REACHED = 2n ** 53n;

export async function connectEventStore(options: ConnectOptions): Promise<EventStoreConnection> {
  const { url, openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS } = options;
  const hosts = hostsIn(url);
  const connection = wrap(clientOf(url, hosts), hosts);
  const until = performance.now() + openTimeoutMs;
  for (let tries = 0; ; tries++) {
    try {
      await connection.probe(Math.min(PROBE_MS, Math.max(LEAST_PROBE_MS, until - performance.now())));
      return connection;
    } catch (error) {
      const goesOn = error instanceof LogUnavailableError && error.reason === 'unreachable';
      if (!goesOn || performance.now() >= until) {
        await connection.close();
        throw error;
      }
      await pause(Math.min(backOff(tries), Math.max(1, until - performance.now())));
    }
  }
}

function clientOf(url: string, hosts: string): EventStoreDBClient {
  let client: EventStoreDBClient;
  try {
    client = EventStoreDBClient.connectionString(clientAddress(url));
  } catch {
    // The client's own message shows the part that it did not understand, which may be a password.
    throw new LogUnavailableError('failed', `The address of the event store (${hosts}) cannot be read.`);
  }
  return client;
}

interface Channel {
  close(): void;
}

/** What the client does not let its users choose. */
interface Inside {
  supports(): Promise<boolean>;
  createChannel(): Promise<Channel>;
}

/** Calls that were about to begin on a channel as it failed have begun by then; the next channel waits for it. */
const LINGER_MS = 10;

/**
 * Told that the server has no batch append, the client uses the plain one. The other has no time-out, forgets what it waits
 * for when any client of this process loses its server, and throws out of reach when an answer comes after that.
 *
 * And a channel that failed is closed a little later: an append that begins on a closed one throws where nobody can catch
 * it, and never ends. Returns what closes all channels at once.
 */
function tame(client: EventStoreDBClient): () => void {
  const inside = client as unknown as Inside;
  const createChannel = inside.createChannel;
  const closers = new Set<() => void>();
  Object.assign(client, {
    supports: async () => false,
    createChannel: async () => {
      const channel = await createChannel();
      const close = channel.close.bind(channel);
      closers.add(close);
      channel.close = () => {
        closers.delete(close);
        setTimeout(close, LINGER_MS);
      };
      return channel;
    },
  } satisfies Inside);
  return () => {
    for (const close of closers) close();
    closers.clear();
  };
}

function wrap(client: EventStoreDBClient, hosts: string): EventStoreConnection {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const closeChannels = tame(client);
  let closed: Promise<void> | undefined;
  return {
    client,
    hosts,
    closing: closing.signal,
    async probe(ms) {
      const answer = client
        .appendToStream(PROBE_STREAM, jsonEvent({ type: 'Probe', data: {} }), {
          expectedRevision: NEVER_REACHED,
          deadline: ms,
        })
        .then(() => undefined, refusedAsItShould);
      try {
        // The deadline counts from when the connection stands; finding a server has its own, longer one.
        await within(answer, ms, () => unreachable(hosts, `no answer within ${Math.round(ms)} ms`));
      } catch (error) {
        throw unavailable(error, hosts);
      }
    },
    close() {
      closed ??= (async () => {
        closing.abort();
        await within(client.dispose(), DISPOSE_MS, () => new Error()).catch(() => undefined);
        // The client itself ends its calls and leaves its connection open.
        closeChannels();
      })();
      return closed;
    },
  };
}

const refusedAsItShould = (error: unknown): void => {
  if (actualRevision(error) === undefined) throw error;
};

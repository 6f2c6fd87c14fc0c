import type { Position } from '../../domain/position.ts';
import { pause, unlessAborted } from '../batchWindow.ts';
import { type FollowerStanding, standingAt } from '../follow.ts';
import type { EventBatch, EventFeed } from '../ports.ts';
import { type Chains, createChains, type LaneMessages } from './chains.ts';
import type { LaneWriter } from './ports.ts';

export interface RelayDeps {
  log: Pick<EventFeed, 'subscribe' | 'read' | 'head' | 'compare' | 'distance'>;
  writer: LaneWriter;
  /** Epoch milliseconds. */
  clock: () => number;
  observer: RelayObserver;
}

export interface RelayObserver {
  relayed(events: number): void;
  failed(error: unknown, retryInMs: number): void;
}

export interface Relay {
  start(): void;
  stop(): Promise<void>;
  standing(): Promise<FollowerStanding>;
}

const batchEvents = 2_000;
/** Every flush writes to every lane; a few events more to each cost nothing. */
const gatherMs = 20;
const firstRetryMs = 200;
const longestRetryMs = 10_000;
/** Of what it keeps for a week, a topic forgets how far it came long after this. */
const traceEveryMs = 3_600_000;

/**
 * Writes every event of the log to its lane, in the log's order. It keeps nothing of its own: where to go on stands in
 * the lanes. After a failure, when any part may be there, it begins from them anew, like after a crash.
 */
export function createRelay({ log, writer, clock, observer }: RelayDeps): Relay {
  const stopping = new AbortController();
  const { signal } = stopping;
  let position: Position | undefined;
  let chains: Chains | undefined;
  let lastError: string | undefined;
  let wroteLately = false;
  let retryMs = firstRetryMs;
  let running: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> = Promise.resolve();

  /** One after the other; false when the relay was stopped meanwhile. */
  async function write(messages: LaneMessages): Promise<boolean> {
    const written = writing.then(() => writer.write(messages));
    writing = written.catch(() => undefined);
    await unlessAborted(written, signal);
    wroteLately = true;
    return !signal.aborted;
  }

  async function flush(batch: EventBatch, into: Chains): Promise<void> {
    const messages = into.messagesOf(batch);
    if (messages.size > 0 && !(await write(messages))) return;
    position = batch.to;
    lastError = undefined;
    retryMs = firstRetryMs;
    observer.relayed(batch.events.length);
  }

  async function follow(): Promise<void> {
    const newest = await unlessAborted(writer.newest(), signal);
    if (newest === undefined) return;
    const head = await log.head();
    // What the log has not come to yet somebody else has written; a lane that believed it would get nothing any more.
    const isOfLog = (position: Position) => head !== undefined && log.compare(position, head) <= 0;
    const ends = newest.map((position) =>
      position !== undefined && isOfLog(position) ? position : undefined,
    );
    const fresh = createChains(ends, log.compare);
    chains = fresh;
    position = fresh.from;
    for await (const batch of log.subscribe({ after: position, maxEvents: batchEvents, signal })) {
      await flush(batch, fresh);
      if (signal.aborted) return;
      if (batch.events.length < batchEvents / 2) await pause(gatherMs, signal);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow();
        // A subscription ends by itself only when the log has been closed.
        return;
      } catch (error) {
        if (signal.aborted) return;
        lastError = error instanceof Error ? error.message : String(error);
        observer.failed(error, retryMs);
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
  }

  async function leaveTraces(): Promise<void> {
    while (!signal.aborted) {
      await pause(traceEveryMs, signal);
      const traces = chains?.traces();
      if (traces !== undefined && traces.size > 0 && !wroteLately && !signal.aborted) {
        await write(traces).catch((error: unknown) => observer.failed(error, traceEveryMs));
      }
      wroteLately = false;
    }
  }

  return {
    start() {
      running = Promise.all([run(), leaveTraces()]);
    },
    async stop() {
      stopping.abort();
      await running;
    },
    standing: () => standingAt(log, { position, error: lastError, now: clock() }),
  };
}

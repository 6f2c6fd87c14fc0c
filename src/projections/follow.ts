import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import { pause } from './batchWindow.ts';
import type { EventFeed } from './ports.ts';

export interface FollowDeps {
  feed: Pick<EventFeed, 'subscribe'>;
  after: Position | undefined;
  /** Every event in the order of the log, once. It does not throw, for nobody could say how far it came. */
  observe(event: RecordedEvent): void | Promise<void>;
  /** Everything up to `to` was shown. What it throws is tried again, without showing the events anew. */
  settle(to: Position): Promise<void>;
  onError(error: unknown, retryInMs: number): void;
  signal: AbortSignal;
}

const batchEvents = 2_000;
/** Others have their turn after so many events. */
const eventsPerTurn = 250;
const firstRetryMs = 200;
const longestRetryMs = 10_000;

/** Follows the log to its end and beyond; a fault of the log or of the work is waited out. Ends with `signal`. */
export async function follow(deps: FollowDeps): Promise<void> {
  const { feed, signal, onError } = deps;
  let { after } = deps;
  let unsettled: Position | undefined;
  let retryMs = firstRetryMs;
  const settle = async () => {
    if (unsettled === undefined) return;
    await deps.settle(unsettled);
    unsettled = undefined;
    retryMs = firstRetryMs;
  };
  while (!signal.aborted) {
    try {
      await settle();
      for await (const { events, to } of feed.subscribe({ after, maxEvents: batchEvents, signal })) {
        await show(events, deps);
        // Who was stopped in the middle of an event may have taken it in by halves.
        if (signal.aborted) return;
        after = to;
        unsettled = to;
        await settle();
      }
      // A subscription ends by itself only when the log has been closed.
      return;
    } catch (error) {
      if (signal.aborted) return;
      onError(error, retryMs);
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }
}

async function show(events: readonly RecordedEvent[], { observe, signal }: FollowDeps): Promise<void> {
  let turn = 0;
  for (const event of events) {
    if (signal.aborted) return;
    const waited = observe(event);
    if (waited !== undefined) await waited;
    if (++turn % eventsPerTurn === 0) await nextTurn();
  }
}

export interface FollowerStanding {
  position: Position | undefined;
  lagEvents: number;
  /** How long the oldest event that it has yet to take in has been waiting. */
  lagMs: number;
  /** Why it does not get on, while it is tried again. */
  error: string | undefined;
}

export async function standingAt(
  log: Pick<EventFeed, 'head' | 'read' | 'compare' | 'distance'>,
  { position, error, now }: { position: Position | undefined; error: string | undefined; now: number },
): Promise<FollowerStanding> {
  const head = await log.head();
  const reached = head === undefined || (position !== undefined && log.compare(position, head) >= 0);
  if (reached) return { position, lagEvents: 0, lagMs: 0, error };
  const lagEvents = log.distance(position, head);
  for await (const { events } of log.read({ after: position, until: head, maxEvents: 1 })) {
    const [oldest] = events;
    if (oldest === undefined) continue;
    return { position, lagEvents, lagMs: Math.max(0, now - oldest.recordedAt), error };
  }
  return { position, lagEvents, lagMs: 0, error };
}

import { laneOf } from '../../domain/lanes.ts';
import type { Position } from '../../domain/position.ts';
import { pause, unlessAborted, type WindowDeps } from '../batchWindow.ts';
import type { EventBatch, EventFeed, ReadOptions } from '../ports.ts';
import { KeptEvents } from './keptEvents.ts';
import { readLane } from './laneLog.ts';
import type { AssignedLane, DeadLetters, LaneMessage } from './ports.ts';

export interface LaneFeedDeps {
  assigned: AssignedLane;
  /** How many there are. */
  lanes: number;
  log: Pick<EventFeed, 'read' | 'head' | 'compare' | 'parsePosition'>;
  /** Readers stand here at first; some may be further on, and some may still have to read earlier stretches. */
  after: Position | undefined;
  deadLetters: DeadLetters;
  /** A message could not be set aside; what it was about is read from the log all the same. */
  onError: (error: unknown) => void;
}

/** One lane of the feed, in positions of the log. */
export interface LaneFeed {
  read: EventFeed['read'];
  /** From any position. Never ends by itself, even when the lane has been taken away: what else would there be to do? */
  subscribe(options?: Omit<ReadOptions, 'until'>): AsyncIterable<EventBatch>;
  /** How much waits, as those ask who gather events. */
  readonly gathering: WindowDeps['feed'];
}

/** Events that stay for those who come a little later. */
const keptEvents = 2_000;
/** What is known to wait in the topic is waited for so long, for the sake of larger batches. */
const gatherMs = 500;
const defaultMaxEvents = 1_000;

/**
 * Follows the topic where readers stand at its end, for all of them at once, and only as far as one of them asks. What
 * the topic repeats is dropped. Where it does not follow on, or a reader stands further back than is kept, the log is
 * read.
 */
export function createLaneFeed(deps: LaneFeedDeps): LaneFeed {
  const { assigned, lanes, log } = deps;
  const ofLog = { log, lane: assigned.lane, lanes };
  const kept = new KeptEvents(deps.after, log.compare);
  const parts = assigned.messages()[Symbol.asyncIterator]();
  let pulling: Promise<void> | undefined;
  let hasEnded = false;
  /** Taken from the topic, which gives nothing twice, and not gone through yet: the log was away just then. */
  let unread: readonly LaneMessage[] | undefined;
  let head: Position | undefined;

  /** Before anything is believed that it says of the log. */
  async function lookAhead(messages: readonly LaneMessage[]): Promise<void> {
    const isBeyond = ({ position }: LaneMessage) =>
      log.parsePosition(position) !== undefined && kept.isBefore(head, position);
    if (messages.some(isBeyond)) head = await log.head();
  }

  function take({ previous, position, event }: LaneMessage): void {
    if (!kept.isBefore(kept.end, position)) return;
    if (kept.isBefore(kept.end, previous) && previous !== undefined) kept.beginAt(previous);
    kept.add(position, event);
  }

  async function pullNext(): Promise<void> {
    if (unread === undefined) {
      const { done, value } = await parts.next();
      if (done === true) {
        hasEnded = true;
        return;
      }
      unread = value;
    }
    await lookAhead(unread);
    for (const message of unread) {
      const reason = faultOf(message, deps) ?? beyondHead(message);
      if (reason === undefined) take(message);
      else await setAside(message, reason);
    }
    unread = undefined;
  }

  /** Taken for true, it would make the lane pass over everything that comes up to there. */
  const beyondHead = ({ position }: LaneMessage): string | undefined =>
    kept.isBefore(head, position) ? `the log has not come to ${position} yet` : undefined;

  async function setAside(message: LaneMessage, reason: string): Promise<void> {
    const { position } = message;
    const value = JSON.stringify(message);
    await deps.deadLetters.put({ lane: assigned.lane, reason, position, value }).catch(deps.onError);
  }

  function pull(after: Position | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (pulling === undefined) {
      kept.forgetBut(keptEvents, after);
      pulling = pullNext();
      const forget = () => {
        pulling = undefined;
      };
      pulling.then(forget, forget);
    }
    return unlessAborted(pulling, signal).then(() => undefined);
  }

  async function nextBehind(
    after: Position | undefined,
    { maxEvents = defaultMaxEvents, signal }: ReadOptions,
  ): Promise<EventBatch | undefined> {
    const isOver = () => signal?.aborted === true;
    let isPatient = true;
    while (!isOver()) {
      if (kept.isBefore(after, kept.begin)) {
        const { begin } = kept;
        const options = { after, until: begin, maxEvents, ...(signal !== undefined && { signal }) };
        for await (const batch of readLane(ofLog, options)) return batch;
        if (isOver()) return undefined;
        throw new Error(`the log does not reach ${begin}, of which its lane ${assigned.lane} speaks`);
      }
      const isAtEnd = !kept.isBefore(after, kept.end);
      if (hasEnded && isAtEnd) return await untilAborted(signal);
      const isFull = kept.countBehind(after) >= maxEvents;
      if (isAtEnd) await pull(after, signal);
      else if (isPatient && !isFull && !hasEnded && assigned.waiting() > 0) {
        isPatient = await comesWithin(gatherMs, pull(after, signal));
      } else return kept.batchBehind(after, maxEvents);
    }
    return undefined;
  }

  async function* subscribe(options: Omit<ReadOptions, 'until'> = {}): AsyncGenerator<EventBatch> {
    let { after } = options;
    for (;;) {
      const batch = await nextBehind(after, options);
      if (batch === undefined) return;
      yield batch;
      after = batch.to;
    }
  }

  return {
    read: (options = {}) => readLane(ofLog, options),
    subscribe,
    gathering: {
      compare: log.compare,
      head: async () => kept.end,
      distance: (from) => kept.countBehind(from) + assigned.waiting(),
    },
  };
}

/** What is passed over is missing at the next message, and is read from the log then. */
function faultOf(
  { previous, position, event }: LaneMessage,
  { log, lanes, assigned }: LaneFeedDeps,
): string | undefined {
  for (const one of [previous, position]) {
    if (one !== undefined && log.parsePosition(one) === undefined)
      return `"${one}" is no position of the log`;
  }
  if (previous !== undefined && log.compare(position, previous) < 0)
    return 'it says that it follows what is behind it';
  if (event === undefined) return undefined;
  if (event.position !== position) return `its event is the one at ${event.position}`;
  const lane = laneOf(event, lanes);
  return lane === assigned.lane ? undefined : `its event belongs to lane ${lane}`;
}

async function comesWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const waited = new AbortController();
  const came = work.then(() => true);
  try {
    return await Promise.race([came, pause(ms, waited.signal).then(() => false)]);
  } finally {
    waited.abort();
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal === undefined || signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

import type { RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import { pause } from '../projections/batchWindow.ts';
import type { EventLog } from '../projections/ports.ts';
import { type ShownEvent, shownEvent } from './shownEvent.ts';

/** An event as it goes out; its text is made once, however many clients it goes to. */
export interface LiveLine {
  position: Position;
  project: string;
  service: string;
  type: ShownEvent['type'];
  text: string;
}

/** Everything after one position, up to and with another. */
export interface LiveStretch {
  lines: readonly LiveLine[];
  to: Position | undefined;
}

/**
 * New events for any number of clients from one subscription. What was recorded last is kept in memory; a client
 * that is further behind reads from the log until it has caught up, so that no client's pace costs memory.
 */
export interface LiveFeed {
  /** What comes after `after`, as soon as there is something. Ends with undefined when `signal` aborts. */
  next(after: Position | undefined, signal: AbortSignal): Promise<LiveStretch | undefined>;
  close(): Promise<void>;
}

export interface LiveFeedDeps {
  log: Pick<EventLog, 'head' | 'read' | 'subscribe' | 'compare'>;
  onError: (error: unknown) => void;
  /** Characters of text to keep. */
  keepChars?: number;
}

const batchEvents = 500;
const retryMs = 1_000;

export async function openLiveFeed(deps: LiveFeedDeps): Promise<LiveFeed> {
  const { log, onError, keepChars = 4_000_000 } = deps;
  const stopping = new AbortController();
  let kept: LiveLine[] = [];
  let chars = 0;
  /** What lies after `begin`, up to and with `end`, is in memory. */
  let begin = await log.head();
  let end = begin;
  const waiting = new Set<() => void>();

  function keep(events: readonly RecordedEvent[], to: Position): void {
    for (const event of events) {
      const line = lineOf(event);
      kept.push(line);
      chars += line.text.length;
    }
    let dropped = 0;
    for (const line of kept) {
      if (chars <= keepChars) break;
      chars -= line.text.length;
      begin = line.position;
      dropped++;
    }
    if (dropped > 0) kept = kept.slice(dropped);
    end = to;
    for (const wake of [...waiting]) wake();
  }

  async function follow(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        const batches = log.subscribe({ after: end, maxEvents: batchEvents, signal });
        for await (const { events, to } of batches) keep(events, to);
        // A subscription ends by itself only when the log has been closed.
        return;
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await pause(retryMs, signal);
      }
    }
  }
  const following = follow();

  const isBehind = (a: Position | undefined, b: Position | undefined): boolean =>
    b !== undefined && (a === undefined || log.compare(a, b) < 0);

  async function fromLog(after: Position | undefined, signal: AbortSignal): Promise<LiveStretch> {
    for await (const { events, to } of log.read({ after, maxEvents: batchEvents, signal })) {
      return { lines: events.map(lineOf), to };
    }
    return { lines: [], to: begin };
  }

  return {
    async next(after, signal) {
      while (!signal.aborted && !stopping.signal.aborted) {
        if (isBehind(after, begin)) return await fromLog(after, signal);
        if (isBehind(after, end)) return { lines: newer(kept, after, log.compare), to: end };
        await grown(waiting, [signal, stopping.signal]);
      }
      return undefined;
    },
    async close() {
      stopping.abort();
      await following;
    },
  };
}

function lineOf(event: RecordedEvent): LiveLine {
  const { position, project, service, type } = event;
  return { position, project, service, type, text: JSON.stringify(shownEvent(event)) };
}

/** They lie in order, and most clients want only the very last. */
function newer(
  lines: readonly LiveLine[],
  after: Position | undefined,
  compare: (a: Position, b: Position) => number,
): LiveLine[] {
  if (after === undefined) return [...lines];
  let first = lines.length;
  while (first > 0 && compare((lines[first - 1] as LiveLine).position, after) > 0) first--;
  return lines.slice(first);
}

function grown(waiting: Set<() => void>, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake);
      for (const signal of signals) signal.removeEventListener('abort', wake);
      resolve();
    };
    waiting.add(wake);
    for (const signal of signals) signal.addEventListener('abort', wake);
  });
}

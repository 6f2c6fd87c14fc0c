import type { Decision } from '../../domain/alerts/processor/decision.ts';
import type { EventLog, StreamAppend } from '../ports.ts';

/** A stream as the next decision finds it. */
interface Found {
  revision: number | 'none';
  ids: Set<string>;
}

/** What is known of streams is forgotten with so many of them, and of one no more is known than its newest ids. */
const mostStreams = 2_000;
const mostIds = 1_000;

/**
 * Appends decisions at the revision that their streams have, in the order in which they were made. What has been decided
 * before is the same, with the same ids, and is not added twice.
 */
export function createDecisionWriter(log: Pick<EventLog, 'append' | 'readStream'>) {
  /** As a conflict has told; forgotten events make a stream look shorter than its revision. */
  const told = new Map<string, number | 'none'>();
  /** As the last write left them: an alert that comes and goes for a year has a stream that takes seconds to read. */
  const left = new Map<string, Found>();

  async function find(stream: string): Promise<Found> {
    const known = left.get(stream);
    if (known !== undefined) return known;
    const ids = new Set<string>();
    let count = 0;
    for await (const events of log.readStream(stream)) {
      count += events.length;
      for (const { id } of events) ids.add(id);
    }
    return { revision: told.get(stream) ?? (count === 0 ? 'none' : count - 1), ids };
  }

  /** One append a decision: those of several streams keep their order, whatever came in one batch. */
  async function appendsOf(decisions: readonly Decision[]) {
    const streams = new Map<string, Found>();
    const appends: StreamAppend[] = [];
    for (const { stream, event } of decisions) {
      const { revision: expected, ids } = streams.get(stream) ?? (await find(stream));
      const isNew = !ids.has(event.id);
      if (isNew) appends.push({ stream, events: [event], expected });
      ids.add(event.id);
      const next = expected === 'none' ? 0 : expected + 1;
      streams.set(stream, { revision: isNew ? next : expected, ids });
    }
    return { appends, streams };
  }

  function remember(streams: ReadonlyMap<string, Found>): void {
    told.clear();
    if (left.size + streams.size > mostStreams) left.clear();
    for (const [stream, { revision, ids }] of streams) {
      const newest = ids.size > 2 * mostIds ? new Set([...ids].slice(-mostIds)) : ids;
      left.set(stream, { revision, ids: newest });
    }
  }

  return {
    async write(decisions: readonly Decision[]): Promise<void> {
      if (decisions.length === 0) return;
      const mostTries = decisions.length + 3;
      for (let attempt = 0; attempt < mostTries; attempt++) {
        const { appends, streams } = await appendsOf(decisions);
        // Until it is known what became of it, nothing is known of them.
        for (const stream of streams.keys()) left.delete(stream);
        const outcome = await log.append(appends);
        if (outcome.kind === 'conflict') told.set(outcome.stream, outcome.actual);
        else return remember(streams);
      }
      throw new Error('Another processor keeps deciding on the same alerts.');
    },
  };
}

import type { Decision } from '../../domain/alerts/processor/decision.ts';
import type { EventLog, StreamAppend } from '../ports.ts';

/** A stream as the next decision finds it. */
interface Found {
  revision: number | 'none';
  ids: ReadonlySet<string>;
}

/**
 * Appends decisions at the revision that their streams have, in the order in which they were made. What has been decided
 * before is the same, with the same ids, and is not added twice.
 */
export function createDecisionWriter(log: Pick<EventLog, 'append' | 'readStream'>) {
  /** As a conflict has told; forgotten events make a stream look shorter than its revision. */
  const told = new Map<string, number | 'none'>();

  async function find(stream: string): Promise<Found> {
    const ids = new Set<string>();
    let count = 0;
    for await (const events of log.readStream(stream)) {
      count += events.length;
      for (const { id } of events) ids.add(id);
    }
    return { revision: told.get(stream) ?? (count === 0 ? 'none' : count - 1), ids };
  }

  /** One append a decision: those of several streams keep their order, whatever came in one batch. */
  async function appendsOf(decisions: readonly Decision[]): Promise<StreamAppend[]> {
    const streams = new Map<string, Found>();
    const appends: StreamAppend[] = [];
    for (const { stream, event } of decisions) {
      const { revision: expected, ids } = streams.get(stream) ?? (await find(stream));
      const isNew = !ids.has(event.id);
      if (isNew) appends.push({ stream, events: [event], expected });
      const next = expected === 'none' ? 0 : expected + 1;
      streams.set(stream, { revision: isNew ? next : expected, ids });
    }
    return appends;
  }

  return {
    async write(decisions: readonly Decision[]): Promise<void> {
      if (decisions.length === 0) return;
      const mostTries = decisions.length + 3;
      for (let attempt = 0; attempt < mostTries; attempt++) {
        const outcome = await log.append(await appendsOf(decisions));
        if (outcome.kind === 'conflict') told.set(outcome.stream, outcome.actual);
        else return told.clear();
      }
      throw new Error('Another processor keeps deciding on the same alerts.');
    },
  };
}

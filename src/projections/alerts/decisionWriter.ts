import type { Decision } from '../../domain/alerts/processor/decision.ts';
import type { EventLog, StreamAppend } from '../ports.ts';

/**
 * Appends decisions at the revision that their streams have. What another processor has decided meanwhile is the same,
 * with the same ids, and is not added twice.
 */
export function createDecisionWriter(log: Pick<EventLog, 'append' | 'readStream'>) {
  /** As a conflict has told; forgotten events make a stream look shorter than its revision. */
  const told = new Map<string, number | 'none'>();

  async function revisionOf(stream: string): Promise<number | 'none'> {
    const known = told.get(stream);
    if (known !== undefined) return known;
    let count = 0;
    for await (const events of log.readStream(stream)) count += events.length;
    return count === 0 ? 'none' : count - 1;
  }

  async function appendsOf(decisions: readonly Decision[]): Promise<StreamAppend[]> {
    const byStream = new Map<string, Decision['event'][]>();
    for (const { stream, event } of decisions) byStream.set(stream, [...(byStream.get(stream) ?? []), event]);
    const appends: StreamAppend[] = [];
    for (const [stream, events] of byStream) {
      appends.push({ stream, events, expected: await revisionOf(stream) });
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

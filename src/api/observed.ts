import { pause } from '../projections/batchWindow.ts';
import type { EventLog, ReadStore } from '../projections/ports.ts';
import type { TrafficFigures } from './http/trafficFigures.ts';

/** The same store, with every read timed. */
export function timedStore(store: ReadStore, observe: (seconds: number) => void): ReadStore {
  return {
    ...store,
    async query<T>(sql: string, options?: { signal?: AbortSignal }) {
      const started = performance.now();
      try {
        return await store.query<T>(sql, options);
      } finally {
        observe((performance.now() - started) / 1000);
      }
    },
  };
}

/** The same append, with the time until the events are on disk. */
export function timedAppend(
  append: EventLog['append'],
  observe: (seconds: number) => void,
): EventLog['append'] {
  return async (appends) => {
    const started = performance.now();
    const outcome = await append(appends);
    observe((performance.now() - started) / 1000);
    return outcome;
  };
}

/** The same append, with what came in counted; what was there already in part is counted once more. */
export function countedAppend(append: EventLog['append'], traffic: TrafficFigures): EventLog['append'] {
  return async (appends) => {
    const outcome = await append(appends);
    if (outcome.kind === 'appended' && outcome.appended > 0)
      for (const { events } of appends) for (const event of events) traffic.observe(event);
    return outcome;
  };
}

/** Counts what is recorded from now on; a fault of the feed is waited out, for counting must not end silently. */
export function countTraffic(
  log: Pick<EventLog, 'subscribe' | 'head'>,
  traffic: TrafficFigures,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async () => {
    let after = await log.head();
    while (!signal.aborted) {
      try {
        for await (const batch of log.subscribe({ after, signal })) {
          for (const event of batch.events) traffic.observe(event);
          after = batch.to;
        }
      } catch (error) {
        if (!signal.aborted) onError(error);
        await pause(1_000, signal);
      }
    }
  };
  const running = run().catch(onError);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

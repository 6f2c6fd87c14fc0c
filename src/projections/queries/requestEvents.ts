import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { EventLog } from '../ports.ts';

export interface RequestEvents {
  events: RecordedEvent[];
  /** More events carry the request's id than an answer holds. */
  truncated: boolean;
}

const mostEvents = 10_000;

/**
 * Every event of one request, from the log itself: its stream is one short read however much there is beside it,
 * holds each event in full, and knows what the projections have yet to see.
 */
export async function readRequestEvents(
  log: Pick<EventLog, 'readStream'>,
  asked: { project: string; requestId: string; asOf?: number | undefined },
): Promise<RequestEvents> {
  const stop = new AbortController();
  const events: RecordedEvent[] = [];
  try {
    for await (const batch of log.readStream(`request-${asked.requestId}`, { signal: stop.signal })) {
      // The same id may be another project's too.
      for (const event of batch) {
        if (event.project !== asked.project) continue;
        if (asked.asOf === undefined || event.recordedAt <= asked.asOf) events.push(event);
      }
      if (events.length > mostEvents) break;
    }
  } finally {
    stop.abort();
  }
  const kept = events.slice(0, mostEvents);
  // The stream is in the order of arrival, which the sort keeps among what happened at one time.
  kept.sort((a, b) => a.occurredAt - b.occurredAt);
  return { events: kept, truncated: events.length > mostEvents };
}

import type { NewEvent, RecordedEvent } from '../../src/domain/events/envelope.ts';
import type { EventBatch, ExpectedRevision, StreamAppend } from '../../src/projections/ports.ts';

/** The same number always gives the same id. */
export function idOf(number: number): string {
  return `0192f0c1-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function logEvent(number: number, extra: Partial<NewEvent> = {}): NewEvent {
  return {
    id: idOf(number),
    type: 'LogWritten',
    version: 1,
    occurredAt: 1_760_000_000_000 + number,
    project: 'shop',
    service: 'bot',
    data: { level: 'info', message: `message ${number}` },
    ...extra,
  } as NewEvent;
}

export function logEvents(from: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, i) => logEvent(from + i));
}

export function to(
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision = 'any',
): StreamAppend {
  return { stream, events, expected };
}

export async function batchesOf(batches: AsyncIterable<EventBatch>): Promise<EventBatch[]> {
  const all: EventBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

export async function eventsOf(batches: AsyncIterable<EventBatch>): Promise<RecordedEvent[]> {
  return (await batchesOf(batches)).flatMap(({ events }) => [...events]);
}

export async function streamOf(parts: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const part of parts) all.push(...part);
  return all;
}

export const numbersOf = (events: readonly RecordedEvent[]): number[] =>
  events.map(({ id }) => Number.parseInt(id.slice(-12), 16));

/** Reads on until `enough` events have come. */
export async function takeEvents(
  batches: AsyncIterable<EventBatch>,
  enough: number,
): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const { events } of batches) {
    all.push(...events);
    if (all.length >= enough) break;
  }
  return all;
}

import type { NewEvent, RecordedEvent } from '../../domain/events/envelope.ts';
import type { Position } from '../../domain/position.ts';

/**
 * An event with what the log adds. New and stored events are built here alike, field by field in one order: code
 * that handles millions of them runs several times faster when they all have the same few shapes.
 */
export function recordEvent(
  event: NewEvent,
  recordedAt: number,
  position: Position,
  stream: string,
): RecordedEvent {
  const recorded = {
    id: event.id,
    type: event.type,
    version: event.version,
    occurredAt: event.occurredAt,
    project: event.project,
    service: event.service,
    data: event.data,
    recordedAt,
    position,
    stream,
  } as RecordedEvent;
  if (event.requestId !== undefined) recorded.requestId = event.requestId;
  if (event.traceId !== undefined) recorded.traceId = event.traceId;
  if (event.spanId !== undefined) recorded.spanId = event.spanId;
  if (event.parentSpanId !== undefined) recorded.parentSpanId = event.parentSpanId;
  if (event.userId !== undefined) recorded.userId = event.userId;
  return recorded;
}

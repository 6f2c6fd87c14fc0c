import type { NewEvent } from './events/envelope.ts';

/**
 * The stream that a telemetry event belongs to: everything of one request together, the runs of one job together,
 * and the rest by the service that it came from.
 */
export function streamOf(event: NewEvent): string {
  if (event.requestId !== undefined) return `request-${event.requestId}`;
  if (event.type === 'JobRecorded') return `job-${event.data.name}`;
  return `service-${event.project}-${event.service}`;
}

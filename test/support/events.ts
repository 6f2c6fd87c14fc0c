import type { EventType } from '../../src/domain/events/catalogue.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';

let made = 0;

/** A v7-shaped id that is the same in every run of a test. */
const nextId = (): string => `01900000-0000-7000-8000-${(++made).toString(16).padStart(12, '0')}`;

const dataOf: { [T in EventType]?: object } = {
  RequestCompleted: { operation: 'search', status: 'success', durationMs: 12.5 },
  ErrorCaptured: { message: 'connect ETIMEDOUT 10.0.0.1:5432', errorCode: 'ETIMEDOUT' },
  LogWritten: { level: 'info', message: 'cache warmed' },
  SpanCompleted: { name: 'SELECT users', status: 'success', durationMs: 3 },
  MetricRecorded: { name: 'queue_depth', kind: 'gauge', value: 7 },
  DeployRecorded: { name: 'v1.2.3' },
  JobRecorded: { name: 'nightly', state: 'succeeded' },
  HealthChecked: { name: 'database', state: 'healthy' },
  RateLimitObserved: { name: 'core', remaining: 4200, limit: 5000 },
  FeedbackGiven: { verdict: 'noise' },
};

/** An event of any telemetry type with sensible data, overridden where a test cares. */
export function event(type: EventType, over: { data?: object } & Record<string, unknown> = {}): NewEvent {
  const { data, ...envelope } = over;
  return {
    id: nextId(),
    type,
    version: 1,
    occurredAt: 1_790_000_000_000,
    project: 'default',
    service: 'bot',
    ...envelope,
    data: { ...dataOf[type], ...data },
  } as NewEvent;
}

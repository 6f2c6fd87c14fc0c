import type { EventType } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Projection } from '../projection.ts';
import type { Column } from '../rowBinary.ts';
import { float, instant, lowCardinality, positionNumber, recordedDay, text } from './columns.ts';

/**
 * Every event as one line of a story, sorted by request: the few facts that a timeline shows. What one request did is
 * then one short read, whatever the kinds of its events.
 */

interface Line {
  kind: string;
  title: string;
  operation?: string | undefined;
  status?: string | undefined;
  durationMs?: number | undefined;
  errorCode?: string | undefined;
}

const columns: readonly Column[] = [
  recordedDay,
  lowCardinality('project'),
  text('request_id'),
  instant('time'),
  instant('recorded_at'),
  { name: 'position', type: 'UInt64', codec: 'Delta(8), ZSTD(1)' },
  lowCardinality('kind'),
  lowCardinality('service'),
  lowCardinality('operation'),
  lowCardinality('status'),
  float('duration_ms'),
  lowCardinality('error_code'),
  text('title'),
  text('trace_id'),
  text('span_id'),
  text('user_id'),
];

const columnNames = columns
  .map((c) => c.name)
  .filter((name) => name !== 'recorded_day')
  .join(', ');

const types: readonly EventType[] = [
  'RequestCompleted',
  'ErrorCaptured',
  'LogWritten',
  'SpanCompleted',
  'MetricRecorded',
  'DeployRecorded',
  'JobRecorded',
  'HealthChecked',
  'RateLimitObserved',
  'FeedbackGiven',
];

export const timeline: Projection = {
  name: 'timeline',
  version: 1,
  types,
  source: {
    name: 'timeline',
    columns,
    orderBy: 'project, request_id, time',
    indexes: [
      'ix_trace trace_id TYPE bloom_filter(0.02) GRANULARITY 4',
      'ix_time time TYPE minmax GRANULARITY 1',
    ],
    retention: 'raw',
  },
  write: (event, out) => {
    const line = lineOf(event);
    if (line === undefined) return false;
    out.date(Math.floor(event.recordedAt / 86_400_000));
    out.string(event.project);
    out.string(event.requestId ?? '');
    out.micros(event.occurredAt);
    out.micros(event.recordedAt);
    out.uint64(positionNumber(event.position));
    out.string(line.kind);
    out.string(event.service);
    out.string(line.operation ?? '');
    out.string(line.status ?? '');
    out.float64(line.durationMs ?? 0);
    out.string(line.errorCode ?? '');
    out.string(line.title);
    out.string(event.traceId ?? '');
    out.string(event.spanId ?? '');
    out.string(event.userId ?? '');
    return true;
  },
  derived: [],
  derivations: [],
  views: [{ name: 'timeline', select: `SELECT ${columnNames} FROM {timeline}` }],
};

const titleLimit = 300;
const shorten = (title: string): string =>
  title.length > titleLimit ? `${title.slice(0, titleLimit)}…` : title;

function lineOf(event: RecordedEvent): Line | undefined {
  switch (event.type) {
    case 'RequestCompleted': {
      const { operation, status, durationMs, errorCode, errorMessage } = event.data;
      // A request that went well says nothing that its columns do not say.
      const title = status === 'success' ? '' : shorten(errorMessage ?? errorCode ?? status);
      return { kind: 'request', title, operation, status, durationMs, errorCode };
    }
    case 'ErrorCaptured': {
      const { operation, message, errorCode } = event.data;
      return { kind: 'error', title: shorten(message), operation, status: 'error', errorCode };
    }
    case 'LogWritten': {
      const { operation, level, message } = event.data;
      return { kind: 'log', title: shorten(message), operation, status: level };
    }
    case 'SpanCompleted': {
      const { name, operation, status, durationMs, errorCode } = event.data;
      return { kind: 'span', title: name, operation: operation ?? name, status, durationMs, errorCode };
    }
    case 'MetricRecorded': {
      const { name, operation, value, unit } = event.data;
      return { kind: 'metric', title: `${name} ${value}${unit === undefined ? '' : ` ${unit}`}`, operation };
    }
    case 'DeployRecorded': {
      const { name, message, status } = event.data;
      return { kind: 'deploy', title: shorten(name ?? message ?? ''), status };
    }
    case 'JobRecorded': {
      const { name, state, durationMs, errorCode } = event.data;
      return { kind: 'job', title: name, status: state, durationMs, errorCode };
    }
    case 'HealthChecked': {
      const { name, state, durationMs } = event.data;
      return { kind: 'health', title: name, status: state, durationMs };
    }
    case 'RateLimitObserved': {
      const { name, remaining } = event.data;
      return { kind: 'rate_limit', title: `${name}: ${remaining} left` };
    }
    case 'FeedbackGiven':
      return { kind: 'feedback', title: shorten(event.data.message ?? event.data.verdict ?? '') };
    case 'KeyIssued':
    case 'KeyRevoked':
      return undefined;
  }
}

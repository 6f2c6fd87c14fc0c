import type { Attributes, EventType } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Projection } from '../projection.ts';
import type { Column, RowWriter } from '../rowBinary.ts';
import type { RetentionClass } from '../table.ts';
import {
  attributesColumn,
  correlationIndexes,
  eventColumnNames,
  eventColumns,
  float,
  lowCardinality,
  text,
  timeOrder,
  userIndex,
  words,
  writeEvent,
} from './columns.ts';

/** Read models that are one row an event, without rollups: what their events carry, searchable. */

interface RawEvents<T extends EventType> {
  name: string;
  type: T;
  columns: readonly Column[];
  write: (data: RecordedEvent<T>['data'], out: RowWriter) => void;
  operation: (data: RecordedEvent<T>['data']) => string | undefined;
  searchable?: string;
  retention?: RetentionClass;
}

function rawEvents<T extends EventType>(model: RawEvents<T>): Projection {
  return {
    name: model.name,
    version: 1,
    types: [model.type],
    source: {
      name: model.name,
      columns: [...eventColumns, ...model.columns, attributesColumn],
      orderBy: timeOrder,
      indexes:
        model.searchable === undefined
          ? correlationIndexes
          : [...correlationIndexes, userIndex, words(model.searchable)],
      retention: model.retention ?? 'raw',
    },
    write: (event, out) => {
      if (event.type !== model.type) return false;
      // The compiler cannot tie the type of an event to that of its data through a type parameter.
      const data = event.data as RecordedEvent<T>['data'];
      writeEvent(event, model.operation(data), out);
      model.write(data, out);
      out.map((event.data as { attributes?: Attributes }).attributes);
      return true;
    },
    derived: [],
    derivations: [],
    views: [
      {
        name: model.name,
        select: `SELECT ${eventColumnNames}, ${model.columns.map((c) => c.name).join(', ')}, attributes FROM {${model.name}}`,
      },
    ],
  };
}

export const logs = rawEvents({
  name: 'logs',
  type: 'LogWritten',
  columns: [lowCardinality('level'), text('message')],
  write: (data, out) => {
    out.string(data.level);
    out.string(data.message);
  },
  operation: (data) => data.operation,
  searchable: 'message',
});

export const spans = rawEvents({
  name: 'spans',
  type: 'SpanCompleted',
  columns: [
    lowCardinality('name'),
    lowCardinality('kind'),
    lowCardinality('status'),
    float('duration_ms'),
    lowCardinality('error_code'),
    text('error_message'),
    text('stack'),
  ],
  write: (data, out) => {
    out.string(data.name);
    out.string(data.kind ?? 'internal');
    out.string(data.status);
    out.float64(data.durationMs);
    out.string(data.errorCode ?? '');
    out.string(data.errorMessage ?? '');
    out.string(data.stack ?? '');
  },
  operation: (data) => data.operation ?? data.name,
});

export const metrics = rawEvents({
  name: 'metrics',
  type: 'MetricRecorded',
  columns: [lowCardinality('name'), lowCardinality('metric_type'), float('value'), lowCardinality('unit')],
  write: (data, out) => {
    out.string(data.name);
    out.string(data.kind);
    out.float64(data.value);
    out.string(data.unit ?? '');
  },
  operation: (data) => data.operation,
});

export const deploys = rawEvents({
  name: 'deploys',
  type: 'DeployRecorded',
  retention: 'hours',
  columns: [text('name'), lowCardinality('status'), text('message')],
  write: (data, out) => {
    out.string(data.name ?? '');
    out.string(data.status ?? 'success');
    out.string(data.message ?? '');
  },
  operation: () => undefined,
});

export const jobs = rawEvents({
  name: 'jobs',
  type: 'JobRecorded',
  columns: [
    lowCardinality('name'),
    lowCardinality('state'),
    float('duration_ms'),
    lowCardinality('error_code'),
    text('message'),
  ],
  write: (data, out) => {
    out.string(data.name);
    out.string(data.state);
    out.float64(data.durationMs ?? 0);
    out.string(data.errorCode ?? '');
    out.string(data.message ?? '');
  },
  operation: () => undefined,
});

export const health = rawEvents({
  name: 'health',
  type: 'HealthChecked',
  columns: [lowCardinality('name'), lowCardinality('state'), float('duration_ms'), text('message')],
  write: (data, out) => {
    out.string(data.name);
    out.string(data.state);
    out.float64(data.durationMs ?? 0);
    out.string(data.message ?? '');
  },
  operation: () => undefined,
});

export const rateLimits = rawEvents({
  name: 'rate_limits',
  type: 'RateLimitObserved',
  columns: [
    lowCardinality('name'),
    float('remaining'),
    float('limit_value'),
    { name: 'reset_at', type: "DateTime64(3, 'UTC')", codec: 'ZSTD(1)' },
  ],
  write: (data, out) => {
    out.string(data.name);
    out.float64(data.remaining);
    out.float64(data.limit ?? 0);
    out.millis(data.resetAt ?? 0);
  },
  operation: () => undefined,
});

export const feedback = rawEvents({
  name: 'feedback',
  type: 'FeedbackGiven',
  retention: 'hours',
  columns: [text('subject'), lowCardinality('verdict'), float('value'), text('message')],
  write: (data, out) => {
    out.string(data.subject ?? '');
    out.string(data.verdict ?? '');
    out.float64(data.value ?? 0);
    out.string(data.message ?? '');
  },
  operation: () => undefined,
});

import type { Attributes, EventType } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Projection } from '../projection.ts';
import type { Cell, Column } from '../rowBinary.ts';
import type { RetentionClass } from '../table.ts';
import {
  attributesCell,
  attributesColumn,
  correlationIndexes,
  eventCells,
  eventColumnNames,
  eventColumns,
  float,
  lowCardinality,
  text,
  timeOrder,
  words,
} from './columns.ts';

/** Read models that are one row an event, without rollups: what their events carry, searchable. */

interface RawEvents<T extends EventType> {
  name: string;
  type: T;
  columns: readonly Column[];
  cells: (data: RecordedEvent<T>['data']) => Cell[];
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
          : [...correlationIndexes, words(model.searchable)],
      retention: model.retention ?? 'raw',
    },
    row: (event) => {
      if (event.type !== model.type) return undefined;
      // The compiler cannot tie the type of an event to that of its data through a type parameter.
      const data = event.data as RecordedEvent<T>['data'];
      const cells = eventCells(event, model.operation(data));
      cells.push(
        ...model.cells(data),
        attributesCell((event.data as { attributes?: Attributes }).attributes),
      );
      return cells;
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
  cells: (data) => [data.level, data.message],
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
  cells: (data) => [
    data.name,
    data.kind ?? 'internal',
    data.status,
    data.durationMs,
    data.errorCode ?? '',
    data.errorMessage ?? '',
    data.stack ?? '',
  ],
  operation: (data) => data.operation ?? data.name,
});

export const metrics = rawEvents({
  name: 'metrics',
  type: 'MetricRecorded',
  columns: [lowCardinality('name'), lowCardinality('metric_type'), float('value'), lowCardinality('unit')],
  cells: (data) => [data.name, data.kind, data.value, data.unit ?? ''],
  operation: (data) => data.operation,
});

export const deploys = rawEvents({
  name: 'deploys',
  type: 'DeployRecorded',
  retention: 'hours',
  columns: [text('name'), lowCardinality('status'), text('message')],
  cells: (data) => [data.name ?? '', data.status ?? 'success', data.message ?? ''],
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
  cells: (data) => [data.name, data.state, data.durationMs ?? 0, data.errorCode ?? '', data.message ?? ''],
  operation: () => undefined,
});

export const health = rawEvents({
  name: 'health',
  type: 'HealthChecked',
  columns: [lowCardinality('name'), lowCardinality('state'), float('duration_ms'), text('message')],
  cells: (data) => [data.name, data.state, data.durationMs ?? 0, data.message ?? ''],
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
  cells: (data) => [data.name, data.remaining, data.limit ?? 0, data.resetAt ?? 0],
  operation: () => undefined,
});

export const feedback = rawEvents({
  name: 'feedback',
  type: 'FeedbackGiven',
  retention: 'hours',
  columns: [text('subject'), lowCardinality('verdict'), float('value'), text('message')],
  cells: (data) => [data.subject ?? '', data.verdict ?? '', data.value ?? 0, data.message ?? ''],
  operation: () => undefined,
});

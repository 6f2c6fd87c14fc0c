import type { EventData } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { fingerprintOf } from '../../domain/fingerprint.ts';
import type { Projection } from '../projection.ts';
import {
  attributesCell,
  attributesColumn,
  correlationIndexes,
  eventCells,
  eventColumnNames,
  eventColumns,
  lowCardinality,
  text,
  words,
} from './columns.ts';

/**
 * Everything that failed, grouped by fingerprint: captured errors and requests that did not succeed. A bot may send
 * either or both of one request; `source` keeps them apart, so that a read can count each request once.
 */
export const failures: Projection = {
  name: 'failures',
  version: 1,
  types: ['ErrorCaptured', 'RequestCompleted'],
  source: {
    name: 'failures',
    columns: [
      ...eventColumns,
      lowCardinality('source'),
      lowCardinality('fingerprint'),
      lowCardinality('status'),
      lowCardinality('level'),
      lowCardinality('error_code'),
      lowCardinality('title'),
      text('error_message'),
      text('stack'),
      attributesColumn,
    ],
    orderBy: 'project, toStartOfFiveMinutes(time), service, fingerprint, time',
    indexes: [...correlationIndexes, words('error_message')],
    retention: 'raw',
  },
  row: (event) => {
    if (event.type === 'ErrorCaptured') return capturedRow(event, event.data);
    if (event.type === 'RequestCompleted' && event.data.status !== 'success')
      return failedRow(event, event.data);
    return undefined;
  },
  derived: [],
  derivations: [],
  views: [
    {
      name: 'errors',
      select: `SELECT ${eventColumnNames}, fingerprint, level, error_code, title, error_message, stack, attributes
FROM {failures} WHERE source = 'error'`,
    },
  ],
};

function capturedRow(event: RecordedEvent, data: EventData<'ErrorCaptured'>) {
  const { fingerprint, title } = fingerprintOf(data);
  const cells = eventCells(event, data.operation);
  cells.push(
    'error',
    fingerprint,
    'error',
    data.level ?? 'error',
    data.errorCode ?? '',
    title,
    data.message,
    data.stack ?? '',
    attributesCell(data.attributes),
  );
  return cells;
}

function failedRow(event: RecordedEvent, data: EventData<'RequestCompleted'>) {
  // A failure without a word about itself is still one group per operation and outcome.
  const message = data.errorMessage ?? data.errorCode ?? `${data.operation}: ${data.status}`;
  const { fingerprint, title } = fingerprintOf({
    message,
    ...(data.errorCode === undefined ? {} : { errorCode: data.errorCode }),
    ...(data.stack === undefined ? {} : { stack: data.stack }),
  });
  const cells = eventCells(event, data.operation);
  cells.push(
    'request',
    fingerprint,
    data.status,
    'error',
    data.errorCode ?? '',
    title,
    data.errorMessage ?? '',
    data.stack ?? '',
    attributesCell(data.attributes),
  );
  return cells;
}

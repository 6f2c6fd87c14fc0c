import type { EventData } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { faultOf } from '../../domain/fingerprint/faultOf.ts';
import { type Fault, fingerprintOf } from '../../domain/fingerprint.ts';
import type { Projection } from '../projection.ts';
import type { RowWriter } from '../rowBinary.ts';
import {
  attributesColumn,
  correlationIndexes,
  eventColumnNames,
  eventColumns,
  lowCardinality,
  text,
  words,
  writeEvent,
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
    orderBy: 'project, toStartOfMinute(time), service, fingerprint',
    indexes: [...correlationIndexes, words('error_message')],
    retention: 'raw',
  },
  write: (event, out) => {
    const fault = faultOf(event);
    if (fault === undefined) return false;
    if (event.type === 'ErrorCaptured') writeCaptured(event, event.data, fault, out);
    else if (event.type === 'RequestCompleted') writeFailed(event, event.data, fault, out);
    return true;
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

function writeCaptured(
  event: RecordedEvent,
  data: EventData<'ErrorCaptured'>,
  fault: Fault,
  out: RowWriter,
): void {
  const { fingerprint, title } = fingerprintOf(fault);
  writeEvent(event, data.operation, out);
  out.string('error');
  out.string(fingerprint);
  out.string('error');
  out.string(data.level ?? 'error');
  out.string(data.errorCode ?? '');
  out.string(title);
  out.string(data.message);
  out.string(data.stack ?? '');
  out.map(data.attributes);
}

function writeFailed(
  event: RecordedEvent,
  data: EventData<'RequestCompleted'>,
  fault: Fault,
  out: RowWriter,
): void {
  const { fingerprint, title } = fingerprintOf(fault);
  writeEvent(event, data.operation, out);
  out.string('request');
  out.string(fingerprint);
  out.string(data.status);
  out.string('error');
  out.string(data.errorCode ?? '');
  out.string(title);
  out.string(data.errorMessage ?? '');
  out.string(data.stack ?? '');
  out.map(data.attributes);
}

import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Position } from '../../domain/position.ts';
import type { Column, RowWriter } from '../rowBinary.ts';

/** Columns that every table of raw events shares. */

export const lowCardinality = (name: string): Column => ({
  name,
  type: 'String',
  stored: 'LowCardinality(String)',
});
export const text = (name: string): Column => ({ name, type: 'String', codec: 'ZSTD(1)' });
export const float = (name: string): Column => ({ name, type: 'Float64', codec: 'ZSTD(1)' });
export const instant = (name: string): Column => ({
  name,
  type: "DateTime64(6, 'UTC')",
  codec: 'Delta(8), ZSTD(1)',
});
export const whole = (name: string): Column => ({ name, type: 'UInt64', codec: 'ZSTD(1)' });
export const attributesColumn: Column = {
  name: 'attributes',
  type: 'Map(String, String)',
  stored: 'Map(LowCardinality(String), String)',
  codec: 'ZSTD(1)',
};

export const recordedDay: Column = { name: 'recorded_day', type: 'Date', codec: 'ZSTD(1)' };
const positionColumn: Column = { name: 'position', type: 'UInt64', codec: 'Delta(8), ZSTD(1)' };

export const eventColumns: readonly Column[] = [
  recordedDay,
  lowCardinality('project'),
  lowCardinality('service'),
  lowCardinality('operation'),
  instant('time'),
  instant('recorded_at'),
  positionColumn,
  { name: 'id', type: 'UUID', codec: 'ZSTD(1)' },
  text('request_id'),
  text('trace_id'),
  text('span_id'),
  text('parent_span_id'),
  text('user_id'),
];

/** Writes the cells of `eventColumns`. */
export function writeEvent(event: RecordedEvent, operation: string | undefined, out: RowWriter): void {
  out.date(Math.floor(event.recordedAt / 86_400_000));
  out.string(event.project);
  out.string(event.service);
  out.string(operation ?? '');
  out.micros(event.occurredAt);
  out.micros(event.recordedAt);
  out.uint64(positionNumber(event.position));
  out.uuid(event.id);
  out.string(event.requestId ?? '');
  out.string(event.traceId ?? '');
  out.string(event.spanId ?? '');
  out.string(event.parentSpanId ?? '');
  out.string(event.userId ?? '');
}

/** Public names of `eventColumns`, for the views. */
export const eventColumnNames = eventColumns
  .map((c) => c.name)
  .filter((name) => name !== 'recorded_day')
  .join(', ');

/** A log whose positions pass 2^53 still keeps every digit. */
const positionNumber = (position: Position): number | bigint =>
  position.length < 16 ? Number(position) : BigInt(position);

/**
 * Project, then a step of time, then service: what nearly every read narrows by, in that order. The step is that of
 * the finest rollup, so that the edge of a window costs one step to read, and so does a page of the newest events.
 * The time itself is no part of it: the engine would match a condition on the time with that part alone, and then
 * skip next to nothing.
 */
export const timeOrder = 'project, toStartOfMinute(time), service, operation';

/** Finds one request or trace among millions of rows. */
export const correlationIndexes = [
  'ix_request request_id TYPE bloom_filter(0.02) GRANULARITY 4',
  'ix_trace trace_id TYPE bloom_filter(0.02) GRANULARITY 4',
];

/** Finds one user's events where there are many users. */
export const userIndex = 'ix_user user_id TYPE bloom_filter(0.02) GRANULARITY 1';

export const words = (column: string): string =>
  `ix_${column} ${column} TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(${column}))`;

/** Whole microseconds: a sum of fractions would depend on the order of its parts. */
export const roundMicros = (ms: string): string => `toUInt64(round(${ms} * 1000))`;

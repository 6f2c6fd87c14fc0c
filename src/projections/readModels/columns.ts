import type { Attributes } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Position } from '../../domain/position.ts';
import type { Cell, Column } from '../rowBinary.ts';

/** Columns and cells that every table of raw events shares. */

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

/** The cells of `eventColumns`. Written out: this runs for every event. */
export function eventCells(event: RecordedEvent, operation: string | undefined): Cell[] {
  return [
    Math.floor(event.recordedAt / 86_400_000),
    event.project,
    event.service,
    operation ?? '',
    event.occurredAt,
    event.recordedAt,
    positionCell(event.position),
    event.id,
    event.requestId ?? '',
    event.traceId ?? '',
    event.spanId ?? '',
    event.parentSpanId ?? '',
    event.userId ?? '',
  ];
}

/** Public names of `eventColumns`, for the views. */
export const eventColumnNames = eventColumns
  .map((c) => c.name)
  .filter((name) => name !== 'recorded_day')
  .join(', ');

/** A log whose positions pass 2^53 still keeps every digit. */
const positionCell = (position: Position): Cell =>
  position.length < 16 ? Number(position) : BigInt(position);

const none: Readonly<Record<string, string>> = Object.freeze({});

export function attributesCell(attributes: Attributes | undefined): Cell {
  if (attributes === undefined) return none;
  const cell: Record<string, string> = {};
  for (const key in attributes) cell[key] = String(attributes[key]);
  return cell;
}

/** Project, then a coarse step of time, then service: what nearly every read narrows by, in that order. */
export const timeOrder = 'project, toStartOfFiveMinutes(time), service, operation, time';

/** Finds one request or trace among millions of rows. */
export const correlationIndexes = [
  'ix_request request_id TYPE bloom_filter(0.02) GRANULARITY 4',
  'ix_trace trace_id TYPE bloom_filter(0.02) GRANULARITY 4',
];

export const words = (column: string): string =>
  `ix_${column} ${column} TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(${column}))`;

/** Whole microseconds: a sum of fractions would depend on the order of its parts. */
export const roundMicros = (ms: string): string => `toUInt64(round(${ms} * 1000))`;

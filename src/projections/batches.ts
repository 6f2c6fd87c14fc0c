import type { RecordedEvent } from '../domain/events/envelope.ts';
import { tableName } from './generations.ts';
import type { EventBatch, Generation, RowBatch } from './ports.ts';
import type { Projection } from './projection.ts';
import { RowWriter } from './rowBinary.ts';

/** An event that a projection could not turn into a row: set aside, so that it does not stop those behind it. */
export interface Unprojectable {
  event: RecordedEvent;
  error: unknown;
}

export interface Rows {
  bytes: Uint8Array;
  count: number;
}

type OnUnprojectable = (projection: string, failure: Unprojectable) => void;

/**
 * The rows that a batch leaves in each projection. All projections in one pass: events are touched once, while they
 * are in the processor's cache, which is most of the cost. The same batch always gives the same bytes.
 */
export function rowsOfAll(
  projections: readonly Projection[],
  events: readonly RecordedEvent[],
  onUnprojectable: OnUnprojectable,
): ReadonlyMap<string, Rows> {
  const sinks = projections.map((projection) => ({
    projection,
    out: new RowWriter(projection.source.columns, 128 * Math.min(events.length, 4_000)),
  }));
  const byType = new Map<string, typeof sinks>();
  for (const sink of sinks) {
    for (const type of sink.projection.types) byType.set(type, [...(byType.get(type) ?? []), sink]);
  }
  for (const event of events) {
    const interested = byType.get(event.type);
    if (interested === undefined) continue;
    for (const { projection, out } of interested) {
      const before = out.length;
      try {
        if (projection.write(event, out)) out.endRow();
      } catch (error) {
        out.rewind(before);
        onUnprojectable(projection.name, { event, error });
      }
    }
  }
  const filled = sinks.filter(({ out }) => out.rows > 0);
  return new Map(
    filled.map(({ projection, out }) => [projection.name, { bytes: out.bytes(), count: out.rows }]),
  );
}

/** Rows on their way into one generation; the token makes a repetition of the same batch harmless. */
export function insertable(
  projection: Projection,
  generation: Generation,
  { from, to }: Pick<EventBatch, 'from' | 'to'>,
  rows: Rows,
): RowBatch {
  const table = tableName(generation, projection.source.name);
  return {
    table,
    columns: projection.source.columns,
    rows: rows.bytes,
    rowCount: rows.count,
    token: `${table}:${from ?? ''}:${to}`,
  };
}

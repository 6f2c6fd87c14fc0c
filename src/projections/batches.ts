import type { RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import type { StoreLayout } from '../domain/storeLayout.ts';
import { tableName } from './generations.ts';
import type { EventBatch, Generation, RowBatch } from './ports.ts';
import type { Projection } from './projection.ts';
import { RowWriter } from './rowBinary.ts';

/** An event that a projection could not turn into a row: set aside, so that it does not stop those behind it. */
export interface Unprojectable {
  projection: string;
  position: Position;
  type: string;
  reason: string;
}

export interface Rows {
  bytes: Uint8Array;
  count: number;
}

/** What a stretch of events comes to. */
export interface Collected {
  events: number;
  lastRecordedAt: number | undefined;
  /** By the names of the projections; only those with rows. */
  rows: ReadonlyMap<string, Rows>;
  unprojectable: readonly Unprojectable[];
}

/**
 * Gathers the rows that events leave in each projection. All projections in one pass: events are touched once, while
 * they are in the processor's cache, which is most of the cost. The same events always give the same bytes, in
 * however many parts they come.
 */
export function createRowCollector(projections: readonly Projection[], recordedFrom = 0) {
  const sinks = projections.map((projection) => ({
    projection,
    out: new RowWriter(projection.source.columns),
  }));
  const byType = new Map<string, typeof sinks>();
  for (const sink of sinks) {
    for (const type of sink.projection.types) byType.set(type, [...(byType.get(type) ?? []), sink]);
  }
  const unprojectable: Unprojectable[] = [];
  let events = 0;
  let lastRecordedAt: number | undefined;

  function write(event: RecordedEvent): void {
    const interested = byType.get(event.type);
    if (interested === undefined) return;
    for (const { projection, out } of interested) {
      const before = out.length;
      try {
        if (projection.write(event, out)) out.endRow();
      } catch (error) {
        out.rewind(before);
        const { position, type } = event;
        const reason = error instanceof Error ? error.message : String(error);
        unprojectable.push({ projection: projection.name, position, type, reason });
      }
    }
  }

  return {
    /** Events recorded before `recordedFrom` are counted and leave no rows. */
    add(part: readonly RecordedEvent[]): void {
      events += part.length;
      lastRecordedAt = part.at(-1)?.recordedAt ?? lastRecordedAt;
      for (const event of part) if (event.recordedAt >= recordedFrom) write(event);
    },
    finish(): Collected {
      const filled = sinks.filter(({ out }) => out.rows > 0);
      const rows = filled.map(
        ({ projection, out }) => [projection.name, { bytes: out.bytes(), count: out.rows }] as const,
      );
      return { events, lastRecordedAt, rows: new Map(rows), unprojectable };
    },
  };
}

export type RowCollector = ReturnType<typeof createRowCollector>;

/**
 * Rows on their way into one generation; the token makes a repetition of the same batch harmless. Lanes have batches of
 * the same boundaries and share the tables, so a lane's number is part of the token.
 */
export function insertable(
  layout: StoreLayout,
  projection: Projection,
  generation: Generation,
  { from, to }: Pick<EventBatch, 'from' | 'to'>,
  rows: Rows,
  lane?: number,
): RowBatch {
  const table = tableName(layout, generation, projection.source.name);
  return {
    table,
    columns: projection.source.columns,
    rows: rows.bytes,
    rowCount: rows.count,
    token: `${table}:${lane === undefined ? '' : `lane-${lane}:`}${from ?? ''}:${to}`,
  };
}

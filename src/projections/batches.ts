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

/** The rows of one batch, or undefined when no event of it leaves any. The same batch always gives the same bytes. */
export function rowsOf(
  projection: Projection,
  generation: Generation,
  batch: EventBatch,
  onUnprojectable: (failure: Unprojectable) => void,
): RowBatch | undefined {
  const types = new Set<string>(projection.types);
  let writer: RowWriter | undefined;
  for (const event of batch.events) {
    if (!types.has(event.type)) continue;
    writer ??= new RowWriter(projection.source.columns);
    const before = writer.length;
    try {
      if (projection.write(event, writer)) writer.endRow();
    } catch (error) {
      writer.rewind(before);
      onUnprojectable({ event, error });
    }
  }
  if (writer === undefined || writer.rows === 0) return undefined;
  const table = tableName(generation, projection.source.name);
  return {
    table,
    columns: projection.source.columns,
    rows: writer.bytes(),
    rowCount: writer.rows,
    token: `${table}:${batch.from ?? ''}:${batch.to}`,
  };
}

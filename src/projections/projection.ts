import type { EventType } from '../domain/events/catalogue.ts';
import type { RecordedEvent } from '../domain/events/envelope.ts';
import type { RowWriter } from './rowBinary.ts';
import type { Derivation, PublicView, Table } from './table.ts';

/** A read model: plain data and one pure function. */
export interface Projection {
  name: string;
  /** Raised when tables or rows change; the new version is then built from the log beside the old one. */
  version: number;
  types: readonly EventType[];
  /** What `write` fills; everything else is derived from it inside the engine, in the same insert. */
  source: Table;
  /**
   * Writes the row of one event, its cells in the order of the source's columns, and says whether there is one. The
   * same event always gives the same bytes: no clock, no chance, nothing remembered.
   */
  write: (event: RecordedEvent, out: RowWriter) => boolean;
  derived: readonly Table[];
  derivations: readonly Derivation[];
  views: readonly PublicView[];
}

export const tablesOf = (projection: Projection): readonly Table[] => [
  projection.source,
  ...projection.derived,
];

import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import type { Position } from '../../src/domain/position.ts';
import { createRowCollector } from '../../src/projections/batches.ts';
import type { Projection } from '../../src/projections/projection.ts';
import type { Landed } from './stores.ts';

/** What one process alone would have made of the log: the row of every event, for each projection. */
export class Reference {
  readonly #projections: readonly Projection[];
  readonly #rows = new Map<string, Map<string, Position>>();
  readonly #lengths = new Map<string, Set<number>>();
  #events = 0;

  constructor(projections: readonly Projection[]) {
    this.#projections = projections;
    for (const { source } of projections) {
      this.#rows.set(source.name, new Map());
      this.#lengths.set(source.name, new Set());
    }
  }

  /** The whole log, as far as it has come. */
  follow(log: readonly RecordedEvent[]): void {
    for (const event of log.slice(this.#events)) {
      for (const { name, source, types } of this.#projections) {
        if (!types.includes(event.type)) continue;
        const collector = createRowCollector(this.#projections.filter((one) => one.name === name));
        collector.add([event]);
        const row = collector.finish().rows.get(name);
        if (row === undefined) continue;
        const text = Buffer.from(row.bytes).toString('latin1');
        this.#rows.get(source.name)?.set(text, event.position);
        this.#lengths.get(source.name)?.add(text.length);
      }
    }
    this.#events = log.length;
  }

  /** Positions of the events whose rows an insert holds, in its order; undefined when some bytes are of none. */
  positionsIn(table: string, { rows }: Landed): Position[] | undefined {
    const known = this.#rows.get(table);
    const bytes = Buffer.from(rows).toString('latin1');
    const positions: Position[] = [];
    for (let from = 0; from < bytes.length; ) {
      const length = [...(this.#lengths.get(table) ?? [])].find((one) =>
        known?.has(bytes.slice(from, from + one)),
      );
      const position = known?.get(bytes.slice(from, from + (length ?? 0)));
      if (length === undefined || position === undefined) return undefined;
      positions.push(position);
      from += length;
    }
    return positions;
  }

  expected(table: string): Position[] {
    return [...(this.#rows.get(table)?.values() ?? [])];
  }

  get tables(): string[] {
    return [...this.#rows.keys()];
  }
}

/** What is wrong with the rows that have landed, up to and with `until` where not all can have yet. */
export function faultsOfRows(
  reference: Reference,
  landed: ReadonlyMap<string, readonly Landed[]>,
  laneAt: ReadonlyMap<Position, number>,
  until: number = Number.POSITIVE_INFINITY,
): string[] {
  const faults: string[] = [];
  for (const table of reference.tables) {
    const full = [...landed.keys()].find((name) => name.endsWith(`.${table}_v1g1`));
    const seen = new Set<Position>();
    const newest = new Map<number | undefined, number>();
    for (const insert of full === undefined ? [] : (landed.get(full) ?? [])) {
      const positions = reference.positionsIn(table, insert);
      if (positions === undefined) faults.push(`${insert.token} holds bytes of no event`);
      for (const position of positions ?? []) {
        const lane = laneAt.get(position);
        if (seen.has(position)) faults.push(`${table} has ${position} twice`);
        else if (Number(position) < (newest.get(lane) ?? 0))
          faults.push(`${table} has ${position} out of order`);
        seen.add(position);
        newest.set(lane, Number(position));
      }
    }
    const missing = reference.expected(table).filter((one) => Number(one) <= until && !seen.has(one));
    if (missing.length > 0) faults.push(`${table} lacks ${missing.join(', ')}`);
  }
  return faults;
}

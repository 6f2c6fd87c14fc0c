import type { Window } from '../../domain/window.ts';
import { and, sql, time } from '../sql.ts';
import type { Reader } from './reader.ts';
import { micros, rawConditions, type Selection } from './selection.ts';

/** Where a page ended; the window is kept, so that one that moves with the clock does not lose its tail. */
export interface Cursor extends Window {
  /** Epoch microseconds and position of the last row given out. */
  micros: number;
  position: string;
}

export interface PageOptions {
  limit: number;
  cursor?: Cursor | undefined;
}

export interface Page<T> {
  rows: T[];
  next: Cursor | undefined;
}

interface Keyed {
  at: string;
  position: string;
}

interface Source {
  table: string;
  columns: string;
  conditions: readonly string[];
}

/** The first look goes back so far, and each further one eight times as far as the one before. */
const firstLookMs = 120_000;
const widening = 8;

/**
 * The newest rows of a window that fit. A table is sorted by minute, so that the newest are found by looking at a
 * short stretch first and at longer ones while the page is not full.
 */
export async function readPage<T extends Keyed>(
  reader: Reader,
  selection: Selection,
  source: Source,
  { limit, cursor }: PageOptions,
): Promise<Page<T>> {
  const window = cursor === undefined ? selection.window : { from: cursor.from, to: cursor.to };
  const rows: T[] = [];
  for (const look of looks(window, cursor)) {
    const wanted = limit + 1 - rows.length;
    rows.push(...(await readLook<T>(reader, selection, source, look, cursor, wanted)));
    if (rows.length > limit) break;
  }
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    rows: page,
    next: more ? { ...window, micros: Number(last.at), position: last.position } : undefined,
  };
}

function* looks({ from, to }: Window, cursor?: { micros: number }): Generator<Window> {
  let end = cursor === undefined ? to : Math.min(to, (cursor.micros + 1) / 1_000);
  let length = firstLookMs;
  while (end > from) {
    const start = Math.max(from, end - length);
    yield { from: start, to: end };
    end = start;
    length *= widening;
  }
}

const readLook = <T>(
  reader: Reader,
  selection: Selection,
  { table: name, columns, conditions }: Source,
  look: Window,
  cursor: Cursor | undefined,
  limit: number,
): Promise<T[]> =>
  reader.rows<T>((table) => {
    const older =
      cursor === undefined
        ? []
        : [
            sql`time < ${time(cursor.micros / 1_000)}
  OR (time = ${time(cursor.micros / 1_000)} AND position < ${BigInt(cursor.position)})`,
          ];
    const all = and([...rawConditions(selection, look), ...conditions, ...older]);
    return `SELECT ${micros('time')} AS at, position, ${columns} FROM ${table(name)} WHERE ${all.text}
ORDER BY time DESC, position DESC LIMIT ${limit}`;
  });

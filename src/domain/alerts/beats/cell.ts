import { keyOf } from '../windows/sketch.ts';

/** What a series is told of one of its steps: plain data, and of the same size however many events it stands for. */
export interface Cell {
  /** The step's end; it holds the events of `(step - everyMs, step]`. */
  step: number;
  count: number;
  /** Times of the events. */
  first: number;
  last: number;
  /** Whole numbers, for each column of a window. */
  sums?: number[];
  /** Bins of a sketch in their order, and how often each was met: in pairs. */
  bins?: number[];
  /** Time and value of what has to be known singly, as it came: in pairs. */
  samples?: number[];
}

/** What one event adds to it. */
export interface Told {
  sums?: readonly number[];
  /** Milliseconds, for a sketch. */
  took?: number;
  sample?: number;
}

export const newCell = (step: number, time: number): Cell => ({ step, count: 0, first: time, last: time });

export function tell(cell: Cell, { sums, took, sample }: Told, time: number): void {
  cell.count += 1;
  if (time < cell.first) cell.first = time;
  if (time > cell.last) cell.last = time;
  if (sums !== undefined) {
    if (cell.sums === undefined) cell.sums = [...sums];
    else for (let at = 0; at < sums.length; at += 1) cell.sums[at] = (cell.sums[at] ?? 0) + (sums[at] ?? 0);
  }
  if (took !== undefined) {
    cell.bins ??= [];
    meet(cell.bins, keyOf(took));
  }
  if (sample !== undefined) {
    if (cell.samples === undefined) cell.samples = [time, sample];
    else cell.samples.push(time, sample);
  }
}

function meet(bins: number[], key: number): void {
  let [low, high] = [0, bins.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bins[2 * middle] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  const at = 2 * low;
  if (bins[at] === key) bins[at + 1] = (bins[at + 1] ?? 0) + 1;
  else bins.splice(at, 0, key, 1);
}

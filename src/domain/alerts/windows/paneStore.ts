import type { Sketch } from './sketch.ts';

/**
 * Panes in the order of time, each with its counters and the bins of its samples. Two arrays of numbers hold them all,
 * for there are thousands of windows with hundreds of panes, and an object for each would weigh more than what it says.
 */

/** A row is the pane's number, where its bins start, and its counters. */
const firstColumn = 2;

/** A bin and how often it was met, in one number; a bin that was met more often has several. */
const countBits = 20;
const mostInOne = 2 ** countBits - 1;

const leastRows = 4;
const leastBins = 8;

export class PaneStore {
  readonly #width: number;
  #rows = new Float64Array(0);
  #bins = new Uint32Array(0);
  /** What lies before is free again. */
  #head = 0;
  #tail = 0;
  #binTail = 0;

  constructor(columns: number) {
    this.#width = firstColumn + columns;
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  paneAt(row: number): number {
    return this.#rows[(this.#head + row) * this.#width] ?? 0;
  }

  countAt(row: number, column: number): number {
    return this.#rows[(this.#head + row) * this.#width + firstColumn + column] ?? 0;
  }

  /** The first row that is not before the pane. */
  find(pane: number): number {
    let high = this.length;
    if (high === 0) return 0;
    const last = this.paneAt(high - 1);
    if (last <= pane) return last === pane ? high - 1 : high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.paneAt(middle) < pane) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes an empty row there; those from it on move up. */
  insert(row: number, pane: number): void {
    if (this.#tail * this.#width === this.#rows.length) this.#makeRoomForRows();
    const width = this.#width;
    const at = (this.#head + row) * width;
    const start = this.#binsFrom(row);
    // Mostly it is the newest pane, and calls that move nothing would cost more than all the rest.
    if (row < this.length) this.#rows.copyWithin(at + width, at, this.#tail * width);
    this.#rows[at] = pane;
    this.#rows[at + 1] = start;
    for (let cell = at + firstColumn; cell < at + width; cell += 1) this.#rows[cell] = 0;
    this.#tail += 1;
  }

  count(row: number, column: number, increment: number): void {
    const at = (this.#head + row) * this.#width + firstColumn + column;
    this.#rows[at] = (this.#rows[at] ?? 0) + increment;
  }

  sample(row: number, key: number, times: number): void {
    for (let left = times; left > 0; ) {
      const after = this.#afterKey(row, key);
      const before = this.#bins[after - 1] ?? 0;
      const isThere = after > this.#binsFrom(row) && before >>> countBits === key;
      const room = isThere ? mostInOne - (before & mostInOne) : 0;
      const more = Math.min(left, room);
      if (more > 0) this.#bins[after - 1] = before + more;
      else this.#insertBin(row, after, key);
      left -= Math.max(more, 1);
    }
  }

  /** `times` is 1 to add what the pane holds to the sketch, -1 to take it away. */
  pourInto(sketch: Sketch, row: number, times: 1 | -1): void {
    const end = this.#binsFrom(row + 1);
    for (let at = this.#binsFrom(row); at < end; at += 1) {
      const bin = this.#bins[at] ?? 0;
      sketch.addKey(bin >>> countBits, times * (bin & mostInOne));
    }
  }

  /** Forgets so many of the oldest rows. */
  drop(rows: number): void {
    if (rows === 0) return;
    this.#head += rows;
    const few = this.length < this.#rows.length / this.#width / 4;
    if (few && this.#rows.length > 2 * leastRows * this.#width)
      this.#moveRows(roomFor(this.length, leastRows));
    const bins = this.#binTail - this.#binsFrom(0);
    if (bins < this.#bins.length / 4 && this.#bins.length > 2 * leastBins)
      this.#moveBins(roomFor(bins, leastBins));
  }

  /** For each pane: how many panes after the one before, its counters, how many pairs follow, and the pairs of bins. */
  save(): number[] {
    const saved: number[] = [];
    for (let row = 0, last = 0; row < this.length; row += 1) {
      const pane = this.paneAt(row);
      saved.push(pane - last);
      for (let column = 0; column < this.#width - firstColumn; column += 1)
        saved.push(this.countAt(row, column));
      const [start, end] = [this.#binsFrom(row), this.#binsFrom(row + 1)];
      saved.push(end - start);
      for (const bin of this.#bins.subarray(start, end)) saved.push(bin >>> countBits, bin & mostInOne);
      last = pane;
    }
    return saved;
  }

  /** Into a store that holds nothing yet. */
  load(saved: readonly number[]): void {
    let at = 0;
    const next = (): number => saved[at++] ?? 0;
    for (let pane = 0, row = 0; at < saved.length; row += 1) {
      pane += next();
      this.insert(row, pane);
      for (let column = 0; column < this.#width - firstColumn; column += 1) this.count(row, column, next());
      for (let left = next(); left > 0; left -= 1) {
        this.#insertBin(row, this.#binTail, next());
        this.#bins[this.#binTail - 1] = (this.#bins[this.#binTail - 1] ?? 0) + next() - 1;
      }
    }
  }

  #binsFrom(row: number): number {
    const at = this.#head + row;
    return at < this.#tail ? (this.#rows[at * this.#width + 1] ?? 0) : this.#binTail;
  }

  /** Behind the last bin of the row that is not greater. */
  #afterKey(row: number, key: number): number {
    let low = this.#binsFrom(row);
    let high = this.#binsFrom(row + 1);
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bins[middle] ?? 0) >>> countBits <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insertBin(row: number, place: number, key: number): void {
    let at = place;
    if (this.#binTail === this.#bins.length) at -= this.#makeRoomForBins();
    if (at < this.#binTail) this.#bins.copyWithin(at + 1, at, this.#binTail);
    this.#bins[at] = key * 2 ** countBits + 1;
    this.#binTail += 1;
    this.#shiftStarts(this.#head + row + 1, 1);
  }

  #shiftStarts(from: number, by: number): void {
    for (let row = from; row < this.#tail; row += 1) {
      const at = row * this.#width + 1;
      this.#rows[at] = (this.#rows[at] ?? 0) + by;
    }
  }

  #makeRoomForRows(): void {
    const capacity = this.#rows.length / this.#width;
    this.#moveRows(this.length <= capacity * 0.75 ? capacity : roomFor(this.length, leastRows));
  }

  #moveRows(capacity: number): void {
    const { length } = this;
    const size = Math.max(capacity, leastRows) * this.#width;
    this.#rows = moved(this.#rows, this.#head * this.#width, this.#tail * this.#width, size, Float64Array);
    this.#head = 0;
    this.#tail = length;
  }

  /** How far everything has moved down. */
  #makeRoomForBins(): number {
    const capacity = this.#bins.length;
    const live = this.#binTail - this.#binsFrom(0);
    return this.#moveBins(live <= capacity * 0.75 ? capacity : roomFor(live, leastBins));
  }

  #moveBins(capacity: number): number {
    const free = this.#binsFrom(0);
    const size = Math.max(capacity, leastBins);
    this.#bins = moved(this.#bins, free, this.#binTail, size, Uint32Array);
    this.#binTail -= free;
    this.#shiftStarts(this.#head, -free);
    return free;
  }
}

const roomFor = (live: number, least: number): number => Math.max(least, Math.ceil(live * 1.5));

/** The same array moved down when it keeps its size, or a copy of another. */
function moved<T extends Float64Array | Uint32Array>(
  from: T,
  start: number,
  end: number,
  size: number,
  kind: new (size: number) => T,
): T {
  if (size === from.length) {
    from.copyWithin(0, start, end);
    return from;
  }
  const to = new kind(size);
  to.set(from.subarray(start, end));
  return to;
}

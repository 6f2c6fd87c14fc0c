import { IdBatch } from './idBatch.ts';
import { asWords, describe, fillBuckets, IdSegment, makeFilter, type SegmentInfo } from './idSegment.ts';
import { RecentIds } from './recentIds.ts';
import type { Store, Tables } from './store.ts';

/** Ids in memory before they are sealed into a segment on disk. */
const SEGMENT_IDS = 524_288;
const ID_BYTES = 16;
/** A row of recent ids fits one page; the last row is written anew until it is full. */
const ROW_IDS = 252;

/**
 * Which ids the log has. An id costs 16 bytes and a filter's share on disk whatever order ids come in: a tree
 * keyed by random ids would write a page of 4 KiB for each of them.
 */
export class IdIndex {
  private recent: RecentIds;
  private segments: IdSegment[] = [];
  /** How many of the recent ids are on disk. */
  private stored = 0;
  /** The key of the first row of recent ids; it moves on when they are sealed. */
  private rowBase = 0;
  private nextSegment = 1;
  private readonly store: Store;
  private readonly segmentIds: number;

  private constructor(store: Store, segmentIds: number) {
    this.store = store;
    this.segmentIds = segmentIds;
    this.recent = new RecentIds(Math.ceil(segmentIds * 1.25));
  }

  static load(store: Store, segmentIds = SEGMENT_IDS): IdIndex {
    const index = new IdIndex(store, segmentIds);
    const { idSegments, recentIds } = store.tables;
    for (const { key, value } of idSegments.getRange({})) {
      index.segments.push(new IdSegment(store, key, JSON.parse(value.toString()) as SegmentInfo));
      index.nextSegment = key + 1;
    }
    for (const { key, value } of recentIds.getRange({})) {
      if (index.recent.count === 0) index.rowBase = key;
      index.recent.addAll(asWords(value));
    }
    index.stored = index.recent.count;
    return index;
  }

  get count(): number {
    return this.recent.count;
  }

  /** Looks up ids that are about to be added. */
  look(ids: readonly string[]): IdBatch {
    const batch = new IdBatch(ids);
    for (const segment of this.segments) segment.mark(batch);
    return batch;
  }

  /** False when the log, or what is on its way into it, has the batch's id `i`. */
  add(batch: IdBatch, i: number): boolean {
    batch.check(i);
    return batch.sealed[i] === 0 && this.recent.add(batch.words, i * 4, batch.hashes[i] as number);
  }

  takeBackTo(count: number): void {
    this.recent.takeBackTo(count);
  }

  takeBackUnstored(): void {
    this.recent.takeBackTo(this.stored);
  }

  bytes(start: number, end: number): Uint8Array {
    return this.recent.slice(start, end);
  }

  /** Writes the next `count` ids; `markStored` is to follow when they are on disk. */
  put({ recentIds }: Tables, count: number): void {
    const end = this.stored + count;
    for (let row = Math.floor(this.stored / ROW_IDS); row * ROW_IDS < end; row++) {
      const ids = this.recent.slice(row * ROW_IDS, Math.min(end, (row + 1) * ROW_IDS));
      recentIds.put(this.rowBase + row, Buffer.from(ids));
    }
  }

  markStored(count: number): void {
    this.stored += count;
  }

  get isFull(): boolean {
    return this.stored >= this.segmentIds;
  }

  /** Moves the recent ids that are on disk into a segment; `last` is the position of the newest of them. */
  async seal(last: number): Promise<void> {
    const count = this.stored;
    const rows = Math.ceil(count / ROW_IDS);
    const segment = await this.writeSegment(
      this.recent.words.slice(0, count * 4),
      count,
      last,
      ({ recentIds }) => {
        for (let row = 0; row < rows; row++) recentIds.remove(this.rowBase + row);
      },
    );
    this.segments.push(segment);
    this.recent = this.recent.without(count, Math.ceil(this.segmentIds * 1.25));
    this.rowBase += rows;
    this.stored = 0;
  }

  private async writeSegment(
    words: Uint32Array,
    count: number,
    last: number,
    besides: (tables: Tables) => void,
  ): Promise<IdSegment> {
    const info = describe(words, count, last);
    const number = this.nextSegment++;
    const buckets = fillBuckets(words, info);
    const filter = makeFilter(words, count);
    await this.store.write((tables) => {
      for (const [bucket, ids] of buckets.entries()) tables.ids.put([number, bucket], ids);
      tables.idFilters.put(number, Buffer.from(filter.buffer));
      tables.idSegments.put(number, Buffer.from(JSON.stringify(info)));
      besides(tables);
    });
    return new IdSegment(this.store, number, info);
  }

  /**
   * Puts `kept` in the place of every segment that ends at `position` or before. The ids of forgotten events are
   * forgotten with them: the same event sent again, so much later, would be a new one.
   */
  async forgetUpTo(position: number, kept: readonly Uint8Array[]): Promise<void> {
    const old = this.segments.filter(({ info }) => info.last <= position);
    const ids = Buffer.concat(kept);
    const before = old.reduce((sum, { info }) => sum + info.count, 0);
    if (before === ids.length / ID_BYTES) return;
    const last = Math.max(...old.map(({ info }) => info.last));
    const fresh =
      ids.length === 0 ? [] : [await this.writeSegment(asWords(ids), ids.length / ID_BYTES, last, () => {})];
    this.segments = [...fresh, ...this.segments.filter((segment) => !old.includes(segment))];
    for (const segment of old) await this.store.write((tables) => removeSegment(tables, segment));
  }

  lastSealedUpTo(position: number): number | undefined {
    const last = this.segments.filter(({ info }) => info.last <= position).map(({ info }) => info.last);
    return last.length === 0 ? undefined : Math.max(...last);
  }
}

function removeSegment({ ids, idFilters, idSegments }: Tables, { number, info }: IdSegment): void {
  for (let bucket = 0; bucket < info.buckets; bucket++) ids.remove([number, bucket]);
  idFilters.remove(number);
  idSegments.remove(number);
}

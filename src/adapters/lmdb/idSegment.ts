import { LogUnavailableError } from '../../projections/ports.ts';
import { hashWords, mix, rehash } from './hash.ts';
import { type IdBatch, timeOf } from './idBatch.ts';
import type { Store } from './store.ts';

/** What is known of a segment of ids without reading them. */
export interface SegmentInfo {
  count: number;
  buckets: number;
  /** The last position that it covers. */
  last: number;
  /** The span of the times within its time-ordered ids; empty when `minTime > maxTime`. */
  minTime: number;
  maxTime: number;
  /** It has ids without a time. */
  others: boolean;
}

/** A bucket then fits one page of 4 KiB nearly always. */
const IDS_PER_BUCKET = 224;
const FILTER_BITS_PER_ID = 12;
const WORDS_PER_LINE = 16;
const PROBES = 6;

export function describe(words: Uint32Array, count: number, last: number): SegmentInfo {
  const buckets = Math.max(1, Math.ceil(count / IDS_PER_BUCKET));
  const info: SegmentInfo = { count, buckets, last, minTime: Infinity, maxTime: -Infinity, others: false };
  for (let i = 0; i < count; i++) {
    const time = timeOf(words, i * 4);
    if (Number.isNaN(time)) info.others = true;
    if (time < info.minTime) info.minTime = time;
    if (time > info.maxTime) info.maxTime = time;
  }
  return info;
}

const bucketOf = (hash: number, buckets: number): number => mix(hash ^ 0x5bd1e995) % buckets;

/** Distributes the ids over buckets without sorting them, which for many is ten times the work. */
export function fillBuckets(words: Uint32Array, { count, buckets }: SegmentInfo): Buffer[] {
  const sizes = new Uint32Array(buckets);
  const bucket = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const b = bucketOf(hashWords(words, i * 4), buckets);
    bucket[i] = b;
    sizes[b] = (sizes[b] as number) + 1;
  }
  const filled = Array.from(sizes, (size) => new Uint32Array(size * 4));
  sizes.fill(0);
  for (let i = 0; i < count; i++) {
    const b = bucket[i] as number;
    const into = filled[b] as Uint32Array;
    into.set(words.subarray(i * 4, i * 4 + 4), (sizes[b] as number) * 4);
    sizes[b] = (sizes[b] as number) + 1;
  }
  return filled.map((ids) => Buffer.from(ids.buffer));
}

/** All bits of an id lie within one cache line of the filter. */
export function makeFilter(words: Uint32Array, count: number): Uint32Array {
  const lines = Math.max(1, Math.ceil((count * FILTER_BITS_PER_ID) / (WORDS_PER_LINE * 32)));
  const filter = new Uint32Array(lines * WORDS_PER_LINE);
  for (let i = 0; i < count; i++) {
    const hash = hashWords(words, i * 4);
    const line = (hash % lines) * WORDS_PER_LINE;
    let bits = rehash(hash);
    for (let probe = 0; probe < PROBES; probe++) {
      const word = line + ((bits >>> 5) & 15);
      filter[word] = (filter[word] as number) | (1 << (bits & 31));
      bits = probe === 2 ? rehash(bits + 1) : bits >>> 9;
    }
  }
  return filter;
}

function mayContain(filter: Uint32Array, hash: number): boolean {
  const line = (hash % (filter.length / WORDS_PER_LINE)) * WORDS_PER_LINE;
  let bits = rehash(hash);
  for (let probe = 0; probe < PROBES; probe++) {
    if (((filter[line + ((bits >>> 5) & 15)] as number) & (1 << (bits & 31))) === 0) return false;
    bits = probe === 2 ? rehash(bits + 1) : bits >>> 9;
  }
  return true;
}

/** One sealed segment; its filter is read when an id might be in it for the first time. */
export class IdSegment {
  readonly number: number;
  readonly info: SegmentInfo;
  private filter: Uint32Array | undefined;
  private readonly store: Store;

  constructor(store: Store, number: number, info: SegmentInfo) {
    this.store = store;
    this.number = number;
    this.info = info;
  }

  /** Marks the ids of the batch that are in this segment. */
  mark(batch: IdBatch): void {
    const { minTime, maxTime, others } = this.info;
    const { times, hashes, sealed } = batch;
    for (let i = 0; i < batch.length; i++) {
      const time = times[i] as number;
      // Without a time the id could be among the others; with one, only in a segment of that time.
      if (Number.isNaN(time) ? !others : time < minTime || time > maxTime) continue;
      this.filter ??= this.loadFilter();
      if (mayContain(this.filter, hashes[i] as number) && this.holds(batch, i)) sealed[i] = 1;
    }
  }

  private holds({ words, hashes }: IdBatch, i: number): boolean {
    const bucket = bucketOf(hashes[i] as number, this.info.buckets);
    const ids = this.store.tables.ids.getBinary([this.number, bucket]);
    return ids !== undefined && bucketHas(asWords(ids), words, i * 4);
  }

  private damaged(): LogUnavailableError {
    const message = `The event log is damaged in ${this.store.file}: the filter of the ids' segment ${this.number} is missing.`;
    return new LogUnavailableError('failed', message);
  }

  private loadFilter(): Uint32Array {
    const stored = this.store.tables.idFilters.getBinary(this.number);
    if (stored === undefined) throw this.damaged();
    return asWords(stored);
  }
}

/** A copy, for words must begin at a multiple of their size. */
export const asWords = (bytes: Uint8Array): Uint32Array => new Uint32Array(new Uint8Array(bytes).buffer);

function bucketHas(bucket: Uint32Array, words: Uint32Array, at: number): boolean {
  const [a, b, c, d] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
  for (let i = 0; i < bucket.length; i += 4) {
    if (bucket[i + 3] === d && bucket[i + 2] === c && bucket[i + 1] === b && bucket[i] === a) return true;
  }
  return false;
}

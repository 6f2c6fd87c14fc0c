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
  /** The span of the times within its time-ordered ids; -1 when it has none. */
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
  let minTime = Infinity;
  let maxTime = -1;
  let others = false;
  for (let i = 0; i < count; i++) {
    const time = timeOf(words, i * 4);
    if (time < minTime) minTime = time;
    if (time > maxTime) maxTime = time;
    others ||= Number.isNaN(time);
  }
  const buckets = Math.max(1, Math.ceil(count / IDS_PER_BUCKET));
  return { count, buckets, last, minTime: maxTime < 0 ? -1 : minTime, maxTime, others };
}

/** A number below `size`, out of the hash's upper bits; a division would take ten times as long. */
const scale = (hash: number, size: number): number => Math.floor((hash * size) / 2 ** 32);

const bucketOf = (hash: number, buckets: number): number => scale(mix(hash ^ 0x5bd1e995), buckets);

/** Distributes the ids over buckets by counting, which for many is ten times faster than sorting them. */
export function fillBuckets(words: Uint32Array, { count, buckets }: SegmentInfo): Buffer[] {
  const ends = new Uint32Array(buckets + 1);
  const bucket = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const b = bucketOf(hashWords(words, i * 4), buckets);
    bucket[i] = b;
    ends[b + 1] = (ends[b + 1] as number) + 1;
  }
  for (let b = 0; b < buckets; b++) ends[b + 1] = (ends[b + 1] as number) + (ends[b] as number);
  const filled = new Uint32Array(count * 4);
  const next = ends.slice();
  for (let i = 0; i < count; i++) {
    const b = bucket[i] as number;
    const at = (next[b] as number) * 4;
    for (let word = 0; word < 4; word++) filled[at + word] = words[i * 4 + word] as number;
    next[b] = (next[b] as number) + 1;
  }
  return Array.from({ length: buckets }, (_, b) => {
    const start = ends[b] as number;
    return Buffer.from(filled.buffer, start * 16, ((ends[b + 1] as number) - start) * 16);
  });
}

/** All bits of an id lie within one cache line of the filter. */
export function makeFilter(words: Uint32Array, count: number): Uint32Array {
  const lines = Math.max(1, Math.ceil((count * FILTER_BITS_PER_ID) / (WORDS_PER_LINE * 32)));
  const filter = new Uint32Array(lines * WORDS_PER_LINE);
  for (let i = 0; i < count; i++) {
    const hash = hashWords(words, i * 4);
    const line = scale(hash, lines) * WORDS_PER_LINE;
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
  const line = scale(hash, filter.length / WORDS_PER_LINE) * WORDS_PER_LINE;
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
    const ids = this.store.tables.ids.getBinaryFast([this.number, bucket]);
    return ids !== undefined && bucketHas(ids, words, i * 4);
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

function bucketHas(bucket: Buffer, words: Uint32Array, at: number): boolean {
  for (let i = 0; i < bucket.length; i += 16) {
    if (bucket.readUInt32LE(i + 12) !== words[at + 3] || bucket.readUInt32LE(i + 8) !== words[at + 2])
      continue;
    if (bucket.readUInt32LE(i + 4) === words[at + 1] && bucket.readUInt32LE(i) === words[at]) return true;
  }
  return false;
}

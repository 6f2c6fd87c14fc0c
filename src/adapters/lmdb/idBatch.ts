import { refuseId } from '../eventLimits.ts';
import { hashWords } from './hash.ts';
import { pack } from './hexColumn.ts';

/** The time within a UUID of version 7, NaN for the others. `words` are little-endian over the bytes. */
export function timeOf(words: Uint32Array, at: number): number {
  const second = words[at + 1] as number;
  if (((second >>> 20) & 0xf) !== 7) return Number.NaN;
  return swap(words[at] as number) * 65_536 + (((second & 0xff) << 8) | ((second >>> 8) & 0xff));
}

const swap = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;

/**
 * Ids that are looked up together: going through one filter with all of them, then through the next one, keeps
 * each filter in the processor's cache, where id by id would fetch every one of them from memory each time.
 */
export class IdBatch {
  readonly words: Uint32Array;
  readonly hashes: Uint32Array;
  readonly times: Float64Array;
  /** Set for what is found on disk. */
  readonly sealed: Uint8Array;
  private readonly valid: Uint8Array;
  private readonly ids: readonly string[];

  constructor(ids: readonly string[]) {
    const { length } = ids;
    this.ids = ids;
    this.words = new Uint32Array(length * 4);
    this.hashes = new Uint32Array(length);
    this.times = new Float64Array(length);
    this.sealed = new Uint8Array(length);
    this.valid = new Uint8Array(length);
    const bytes = new Uint8Array(this.words.buffer);
    for (let i = 0; i < length; i++) {
      this.valid[i] = pack('uuid', ids[i] as string, bytes, i * 16) ? 1 : 0;
      this.hashes[i] = hashWords(this.words, i * 4);
      this.times[i] = timeOf(this.words, i * 4);
    }
  }

  get length(): number {
    return this.ids.length;
  }

  check(i: number): void {
    if (this.valid[i] === 0) refuseId(this.ids[i] as string);
  }
}

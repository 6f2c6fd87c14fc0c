import { refuseId } from '../eventLimits.ts';
import { hashWords } from './hash.ts';
import { pack } from './hexColumn.ts';

const ID_BYTES = 16;

/**
 * The newest ids, in the order in which they came, with a hash table over them. Taking back the last ones leaves
 * the table as it was before them.
 */
export class RecentIds {
  private bytes: Uint8Array;
  words: Uint32Array;
  /** Entry number plus one; 0 is empty. Open addressing, at most half full. */
  private slots: Uint32Array;
  count = 0;

  constructor(capacity: number) {
    this.words = new Uint32Array((capacity + 1) * 4);
    this.bytes = new Uint8Array(this.words.buffer);
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(capacity * 2)));
  }

  /** Puts an id behind the last entry, where it can be looked at, without making it one. Returns its hash. */
  stage(id: string): number {
    if ((this.count + 2) * 4 > this.words.length) this.grow();
    if (!pack('uuid', id, this.bytes, this.count * ID_BYTES)) refuseId(id);
    return hashWords(this.words, this.count * 4);
  }

  /** False when the staged id was here already. */
  addStaged(hash: number): boolean {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let entry = this.slots[slot] as number; entry !== 0; entry = this.slots[slot] as number) {
      if (this.isStaged(entry - 1)) return false;
      slot = (slot + 1) & mask;
    }
    this.slots[slot] = ++this.count;
    return true;
  }

  private isStaged(entry: number): boolean {
    const { words, count } = this;
    const a = entry * 4;
    const b = count * 4;
    return (
      words[a] === words[b] &&
      words[a + 1] === words[b + 1] &&
      words[a + 2] === words[b + 2] &&
      words[a + 3] === words[b + 3]
    );
  }

  /** Newest first, so that what came before them is found again by the same way. */
  takeBackTo(count: number): void {
    const mask = this.slots.length - 1;
    while (this.count > count) {
      let slot = hashWords(this.words, (this.count - 1) * 4) & mask;
      while (this.slots[slot] !== this.count) slot = (slot + 1) & mask;
      this.slots[slot] = 0;
      this.count--;
    }
  }

  /** The bytes of the entries from `start` up to `end`; a view that is good until the next change. */
  slice(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start * ID_BYTES, end * ID_BYTES);
  }

  addBytes(ids: Uint8Array): void {
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      if ((this.count + 2) * 4 > this.words.length) this.grow();
      this.bytes.set(ids.subarray(at, at + ID_BYTES), this.count * ID_BYTES);
      this.addStaged(hashWords(this.words, this.count * 4));
    }
  }

  /** The same without its first `count` entries. */
  without(count: number, capacity: number): RecentIds {
    const rest = new RecentIds(Math.max(capacity, this.count - count));
    rest.addBytes(this.slice(count, this.count));
    return rest;
  }

  private grow(): void {
    const larger = new RecentIds(this.words.length / 2);
    larger.addBytes(this.slice(0, this.count));
    this.words = larger.words;
    this.bytes = larger.bytes;
    this.slots = larger.slots;
  }
}

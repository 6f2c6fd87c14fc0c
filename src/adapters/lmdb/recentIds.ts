import { hashWords } from './hash.ts';

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
  private capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.words = new Uint32Array(capacity * 4);
    this.bytes = new Uint8Array(this.words.buffer);
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(capacity * 2)));
  }

  /** False when the id, four words at `at`, was here already. */
  add(words: Uint32Array, at: number, hash: number): boolean {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let entry = this.slots[slot] as number; entry !== 0; entry = this.slots[slot] as number) {
      if (this.isEntry(entry - 1, words, at)) return false;
      slot = (slot + 1) & mask;
    }
    if (this.count === this.capacity) {
      this.grow();
      return this.add(words, at, hash);
    }
    for (let word = 0; word < 4; word++) this.words[this.count * 4 + word] = words[at + word] as number;
    this.slots[slot] = ++this.count;
    return true;
  }

  private isEntry(entry: number, words: Uint32Array, at: number): boolean {
    const own = this.words;
    const b = entry * 4;
    return (
      own[b] === words[at] &&
      own[b + 1] === words[at + 1] &&
      own[b + 2] === words[at + 2] &&
      own[b + 3] === words[at + 3]
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

  /** Adds ids that are known to differ from each other and from all here, which spares comparing them. */
  addAll(words: Uint32Array): void {
    while (this.count + words.length / 4 > this.capacity) this.grow();
    this.words.set(words, this.count * 4);
    const mask = this.slots.length - 1;
    for (let at = 0; at < words.length; at += 4) {
      let slot = hashWords(words, at) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = ++this.count;
    }
  }

  /** The same without its first `count` entries. */
  without(count: number, capacity: number): RecentIds {
    const rest = new RecentIds(Math.max(capacity, this.count - count));
    rest.addAll(this.words.subarray(count * 4, this.count * 4));
    return rest;
  }

  private grow(): void {
    const larger = new RecentIds(this.capacity * 2);
    larger.addAll(this.words.subarray(0, this.count * 4));
    this.words = larger.words;
    this.bytes = larger.bytes;
    this.slots = larger.slots;
    this.capacity = larger.capacity;
  }
}

import type { BlockHead } from './block.ts';
import type { Directory } from './directory.ts';
import { SMALL_BLOCK } from './rawBlock.ts';
import type { Store, Tables } from './store.ts';

export interface GroupSize {
  blocks: number;
  /** Smaller blocks are still to be merged. */
  leastEvents: number;
}

/** Asking for a filter is most of what it costs: whoever looks for a stream asks once for so many. */
const defaultSize: GroupSize = { blocks: 32, leastEvents: SMALL_BLOCK };
const UINT32 = 4;

/** The positions between which its blocks lie. */
type GroupKey = [first: number, last: number];

/** A group that is to be taken apart, with the first positions of its blocks. */
export interface Group {
  key: GroupKey;
  firsts: number[];
}

/** Filters of blocks that stand next to each other, kept as one value. A filter is either in a group or by itself. */
export class FilterGroups {
  /** First position of the first block → last position and number of blocks. */
  private readonly groups = new Map<number, { last: number; count: number }>();
  /** The last position up to which nothing is left to gather. */
  private gatheredTo = 0;
  private readonly store: Store;
  private readonly directory: Directory;
  private readonly size: GroupSize;

  constructor(store: Store, directory: Directory, size: GroupSize = defaultSize) {
    this.store = store;
    this.directory = directory;
    this.size = size;
    for (const [first, last] of store.tables.filterGroups.getKeys({})) this.remember(first, last);
  }

  /** A group that fits no blocks is passed over: theirs are then searched without a filter, and nothing is missed. */
  private remember(first: number, last: number): void {
    const [start, end] = [this.directory.indexAfter(first - 1), this.directory.indexAfter(last - 1)];
    if (this.directory.at(start)?.first !== first || this.directory.at(end)?.last !== last) return;
    this.groups.set(first, { last, count: end - start + 1 });
  }

  /** The filters of the group that begins with this block; undefined when none does. Good until the next read. */
  startingAt(first: number): Uint8Array[] | undefined {
    const known = this.groups.get(first);
    if (known === undefined) return undefined;
    const group = this.store.tables.filterGroups.getBinaryFast([first, known.last]);
    if (group === undefined) return undefined;
    this.store.countRead(group.length);
    const filters = unpack(group);
    return filters.length === known.count ? filters : undefined;
  }

  /** Puts into groups what has come together. */
  async gather(ended: () => boolean): Promise<void> {
    for (let run = this.nextRun(); run !== undefined && !ended(); run = this.nextRun()) {
      while (this.store.unreadable) await this.store.unreadable;
      const filters = run.flatMap(({ first }) => this.store.tables.blooms.getBinary(first) ?? []);
      // One that is missing makes its block a candidate for every stream, which must stay so.
      if (filters.length === run.length) await this.put(run, filters);
      this.gatheredTo = (run.at(-1) as BlockHead).last;
    }
  }

  private async put(run: readonly BlockHead[], filters: readonly Uint8Array[]): Promise<void> {
    const { first } = run[0] as BlockHead;
    const { last } = run.at(-1) as BlockHead;
    await this.store.write(({ blooms, filterGroups }) => {
      filterGroups.put([first, last], pack(filters));
      for (const head of run) blooms.remove(head.first);
    });
    this.groups.set(first, { last, count: run.length });
  }

  private nextRun(): BlockHead[] | undefined {
    const heads = this.directory.all();
    let run: BlockHead[] = [];
    for (let i = this.directory.indexAfter(this.gatheredTo); i < heads.length; i++) {
      const head = heads[i] as BlockHead;
      const count = this.groups.get(head.first)?.count;
      if (count === undefined && head.count >= this.size.leastEvents) {
        run.push(head);
        if (run.length === this.size.blocks) return run;
      } else {
        run = [];
        if (count !== undefined) i += count - 1;
      }
    }
    return undefined;
  }

  /** The groups in which some of these blocks are; they stand next to each other and are about to be rewritten. */
  around(old: readonly BlockHead[]): Group[] {
    const [first, last] = [old[0], old.at(-1)];
    if (first === undefined || last === undefined) return [];
    const heads = this.directory.all();
    const begin = Math.max(0, this.directory.indexAfter(first.first - 1) - this.longest() + 1);
    const found: Group[] = [];
    for (let i = begin; i < heads.length && (heads[i] as BlockHead).first <= last.last; i++) {
      const start = (heads[i] as BlockHead).first;
      const group = this.groups.get(start);
      if (group === undefined || group.last < first.first) continue;
      const firsts = heads.slice(i, i + group.count).map((head) => head.first);
      found.push({ key: [start, group.last], firsts });
    }
    return found;
  }

  /** Groups keep the size that they were made with. */
  private longest(): number {
    let longest = 1;
    for (const { count } of this.groups.values()) longest = Math.max(longest, count);
    return longest;
  }

  /** Within a transaction: each filter of these groups stands by itself again. */
  dissolve({ blooms, filterGroups }: Tables, groups: readonly Group[]): void {
    for (const { key, firsts } of groups) {
      const filters = unpack(filterGroups.getBinary(key) ?? Buffer.alloc(UINT32));
      for (const [i, filter] of filters.entries()) blooms.put(firsts[i] as number, Buffer.from(filter));
      filterGroups.remove(key);
    }
  }

  /** When that transaction is on disk. */
  forget(groups: readonly Group[]): void {
    for (const { key } of groups) {
      this.groups.delete(key[0]);
      this.gatheredTo = Math.min(this.gatheredTo, key[0] - 1);
    }
  }
}

/** The number of filters, the length of each, and then the filters. */
function pack(filters: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc((1 + filters.length) * UINT32);
  head.writeUInt32LE(filters.length, 0);
  for (const [i, { length }] of filters.entries()) head.writeUInt32LE(length, (1 + i) * UINT32);
  return Buffer.concat([head, ...filters]);
}

function unpack(group: Buffer): Uint8Array[] {
  const count = group.readUInt32LE(0);
  let at = (1 + count) * UINT32;
  return Array.from({ length: count }, (_, i) => {
    const start = at;
    at += group.readUInt32LE((1 + i) * UINT32);
    return group.subarray(start, at);
  });
}

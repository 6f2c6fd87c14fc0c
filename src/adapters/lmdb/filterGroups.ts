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

/** A group that is to be taken apart, with the first positions of its blocks. */
export interface Group {
  key: [first: number, count: number];
  firsts: number[];
}

/** Filters of blocks that stand next to each other, kept as one value. A filter is either in a group or by itself. */
export class FilterGroups {
  /** First position of the first block → number of blocks. */
  private readonly counts = new Map<number, number>();
  /** The last position up to which nothing is left to gather. */
  private gatheredTo = 0;
  private readonly store: Store;
  private readonly directory: Directory;
  private readonly size: GroupSize;

  constructor(store: Store, directory: Directory, size: GroupSize = defaultSize) {
    this.store = store;
    this.directory = directory;
    this.size = size;
    for (const [first, count] of store.tables.filterGroups.getKeys({})) this.counts.set(first, count);
  }

  /** The filters of the group that begins with this block; undefined when none does. Good until the next read. */
  startingAt(first: number): Uint8Array[] | undefined {
    const count = this.counts.get(first);
    if (count === undefined) return undefined;
    const group = this.store.tables.filterGroups.getBinaryFast([first, count]);
    if (group === undefined) return undefined;
    this.store.countRead(group.length);
    return unpack(group);
  }

  /** Puts into groups what has come together. */
  async gather(): Promise<void> {
    for (let run = this.nextRun(); run !== undefined; run = this.nextRun()) {
      while (this.store.unreadable) await this.store.unreadable;
      const filters = run.flatMap(({ first }) => this.store.tables.blooms.getBinary(first) ?? []);
      this.gatheredTo = (run.at(-1) as BlockHead).last;
      // One that is missing makes its block a candidate for every stream, which must stay so.
      if (filters.length < run.length) continue;
      await this.put(run, filters);
    }
  }

  private async put(run: readonly BlockHead[], filters: readonly Uint8Array[]): Promise<void> {
    const { first } = run[0] as BlockHead;
    await this.store.write(({ blooms, filterGroups }) => {
      filterGroups.put([first, run.length], pack(filters));
      for (const head of run) blooms.remove(head.first);
    });
    this.counts.set(first, run.length);
  }

  private nextRun(): BlockHead[] | undefined {
    const heads = this.directory.all();
    let run: BlockHead[] = [];
    for (let i = this.directory.indexAfter(this.gatheredTo); i < heads.length; i++) {
      const head = heads[i] as BlockHead;
      const count = this.counts.get(head.first);
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
    const begin = Math.max(0, this.directory.indexAfter(first.first - 1) - this.size.blocks + 1);
    const found: Group[] = [];
    for (let i = begin; i < heads.length && (heads[i] as BlockHead).first <= last.last; i++) {
      const start = (heads[i] as BlockHead).first;
      const count = this.counts.get(start);
      const blocks = heads.slice(i, i + (count ?? 0));
      if (count === undefined || (blocks.at(-1) as BlockHead).last < first.first) continue;
      found.push({ key: [start, count], firsts: blocks.map((head) => head.first) });
    }
    return found;
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
      this.counts.delete(key[0]);
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

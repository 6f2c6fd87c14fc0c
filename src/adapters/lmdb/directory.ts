import { type BlockHead, readHead } from './block.ts';
import type { Store } from './store.ts';

/** The heads of all blocks in log order, in memory: every search begins here. */
export class Directory {
  private heads: BlockHead[] = [];
  events = 0;

  static load(store: Store): Directory {
    const directory = new Directory();
    for (const { value } of store.tables.directory.getRange({})) directory.push(readHead(value));
    return directory;
  }

  get size(): number {
    return this.heads.length;
  }

  at(index: number): BlockHead | undefined {
    return this.heads.at(index);
  }

  all(): readonly BlockHead[] {
    return this.heads;
  }

  push(head: BlockHead): void {
    this.heads.push(head);
    this.events += head.count;
  }

  /** The index of the block with the first event behind `position`; `size` when there is none. */
  indexAfter(position: number): number {
    return this.search((head) => head.last > position);
  }

  /** The index of the first block with an event recorded at `time` or later. */
  indexAtTime(time: number): number {
    return this.search((head) => head.maxAt >= time);
  }

  indexOf(head: BlockHead): number {
    const index = this.indexAfter(head.first - 1);
    return this.heads[index] === head ? index : -1;
  }

  replace(old: readonly BlockHead[], fresh: readonly BlockHead[]): void {
    const [first] = old;
    if (first === undefined) return;
    this.heads.splice(this.indexOf(first), old.length, ...fresh);
    this.events += sum(fresh) - sum(old);
  }

  private search(matches: (head: BlockHead) => boolean): number {
    let low = 0;
    let high = this.heads.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (matches(this.heads[middle] as BlockHead)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const sum = (heads: readonly BlockHead[]): number => heads.reduce((total, head) => total + head.count, 0);

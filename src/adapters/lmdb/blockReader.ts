import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { UpcastTable } from '../../domain/events/upcast.ts';
import type { Stretch } from '../numberedFeed.ts';
import { type BlockHead, isBlockOf, lostBlock, openBlock } from './block.ts';
import type { BlockCache } from './blockCache.ts';
import type { Directory } from './directory.ts';
import { between } from './slice.ts';
import type { Store } from './store.ts';

/** However few events there are in them, a batch takes no more bytes (before compression) once it has some. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
const MOVES_BEFORE_GIVING_UP = 1_000;

/** Unpacks blocks, each once though many ask for it, and a little ahead of a reader that goes through the log. */
export class BlockReader {
  private readonly loading = new Map<BlockHead, Promise<readonly RecordedEvent[] | undefined>>();
  private readonly store: Store;
  private readonly directory: Directory;
  private readonly cache: BlockCache;
  private readonly upcast: UpcastTable;

  constructor(store: Store, directory: Directory, cache: BlockCache, upcast: UpcastTable) {
    this.store = store;
    this.directory = directory;
    this.cache = cache;
    this.upcast = upcast;
  }

  /** The events of the block; undefined when it was rewritten meanwhile and the caller has to look again. */
  load(head: BlockHead): Promise<readonly RecordedEvent[] | undefined> {
    const known = this.cache.get(head);
    if (known !== undefined) return Promise.resolve(known);
    const running = this.loading.get(head);
    if (running !== undefined) return running;
    const loaded = this.unpack(head).finally(() => this.loading.delete(head));
    this.loading.set(head, loaded);
    return loaded;
  }

  private async unpack(head: BlockHead): Promise<readonly RecordedEvent[] | undefined> {
    while (this.store.unreadable) await this.store.unreadable;
    const block = this.store.tables.blocks.getBinary(head.first);
    this.store.countRead(block?.length ?? 0);
    if (block === undefined || !isBlockOf(head, block)) {
      // Rewritten on disk a moment before the directory knows of it, unless it is the block that is damaged.
      await new Promise((resolve) => setImmediate(resolve));
      if (block !== undefined && this.directory.indexOf(head) >= 0) await this.open(block, head);
      return undefined;
    }
    const events = await this.open(block, head);
    if (this.directory.indexOf(head) >= 0) this.cache.set(head, events);
    return events;
  }

  private open(block: Buffer, head: BlockHead): Promise<RecordedEvent[]> {
    return openBlock(block, this.upcast, `in ${this.store.file} at position ${head.first}`);
  }

  /** The index of the block to read next is looked up anew each time, for blocks are merged meanwhile. */
  async stretch(after: number, until: number, maxEvents: number): Promise<Stretch> {
    const parts: (readonly RecordedEvent[])[] = [];
    let count = 0;
    let bytes = 0;
    let reached = after;
    let moves = 0;
    while (reached < until && count < maxEvents && bytes < MAX_BATCH_BYTES) {
      const index = this.directory.indexAfter(reached);
      const head = this.directory.at(index);
      if (index >= this.directory.size || head === undefined || head.first > until) {
        reached = until;
        break;
      }
      const loaded = this.load(head);
      this.loadAhead(index + 1, until);
      const events = await loaded;
      if (events === undefined) {
        if (++moves > MOVES_BEFORE_GIVING_UP) throw lostBlock(this.store.file, head);
        continue;
      }
      const part = between(events, reached, Math.min(until, head.last), maxEvents - count);
      if (part.length > 0) parts.push(part);
      count += part.length;
      bytes += (head.rawBytes * part.length) / head.count;
      reached = count >= maxEvents ? Number(part.at(-1)?.position) : Math.min(until, head.last);
    }
    return {
      // `concat` copies whole arrays, `flat` looks at every element: ten times as long for thousands of events.
      events:
        parts.length === 1
          ? (parts[0] as readonly RecordedEvent[])
          : ([] as RecordedEvent[]).concat(...parts),
      to: reached,
    };
  }

  private loadAhead(index: number, until: number): void {
    const next = index < this.directory.size ? this.directory.at(index) : undefined;
    // Whoever comes to read the block meets the same fault then.
    if (next !== undefined && next.first <= until) this.load(next).catch(() => undefined);
  }
}

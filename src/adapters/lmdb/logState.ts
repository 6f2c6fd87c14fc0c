import type { UpcastTable } from '../../domain/events/upcast.ts';
import { HeadSignal } from '../headSignal.ts';
import type { NumberedSource, Stretch } from '../numberedFeed.ts';
import { BlockCache } from './blockCache.ts';
import { BlockReader } from './blockReader.ts';
import { Directory } from './directory.ts';
import { FilterGroups, type GroupSize } from './filterGroups.ts';
import { IdIndex } from './idIndex.ts';
import { Revisions } from './revisions.ts';
import type { Store } from './store.ts';
import { StreamReader } from './streamReader.ts';

const META = 'log';

/** What cannot be told from the blocks, for the newest of them may have been forgotten. */
interface Meta {
  head: number;
  recordedAt: number;
  expiredBefore?: number;
}

/** Everything that the parts of one open log share. */
export class LogState implements NumberedSource {
  closed = false;
  /** The newest position on disk. */
  head: number;
  lastRecordedAt: number;
  expiredBefore: number | undefined;
  readonly grown = new HeadSignal();
  readonly store: Store;
  readonly upcast: UpcastTable;
  readonly directory: Directory;
  readonly cache: BlockCache;
  readonly blocks: BlockReader;
  readonly filters: FilterGroups;
  readonly ids: IdIndex;
  readonly revisions: Revisions;
  readonly streams: StreamReader;

  constructor(
    store: Store,
    upcast: UpcastTable,
    options: { cacheBytes: number; segmentIds: number | undefined; filterGroup: GroupSize | undefined },
  ) {
    this.store = store;
    this.upcast = upcast;
    this.directory = Directory.load(store);
    this.cache = new BlockCache(options.cacheBytes);
    this.blocks = new BlockReader(store, this.directory, this.cache, upcast);
    this.ids = IdIndex.load(store, options.segmentIds);
    this.revisions = Revisions.load(store);
    this.filters = new FilterGroups(store, this.directory, options.filterGroup);
    this.streams = new StreamReader(store, this.directory, this.blocks, this.filters, this.revisions);
    const meta = JSON.parse(
      store.tables.meta.getBinary(META)?.toString() ?? '{"head":0,"recordedAt":0}',
    ) as Meta;
    const newest = this.directory.at(-1);
    this.head = Math.max(meta.head, newest?.last ?? 0);
    this.lastRecordedAt = Math.max(meta.recordedAt, newest?.maxAt ?? 0);
    this.expiredBefore = meta.expiredBefore;
  }

  metaRow(expiredBefore: number | undefined): { key: string; row: Buffer } {
    const meta: Meta = { head: this.head, recordedAt: this.lastRecordedAt };
    if (expiredBefore !== undefined) meta.expiredBefore = expiredBefore;
    return { key: META, row: Buffer.from(JSON.stringify(meta)) };
  }

  stretch(after: number, until: number, maxEvents: number): Promise<Stretch> {
    return this.blocks.stretch(after, until, maxEvents);
  }
}

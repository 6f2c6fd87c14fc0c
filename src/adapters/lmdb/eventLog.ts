import { type UpcastTable, upcastTable } from '../../domain/events/upcast.ts';
import type { EventBatch, EventLog } from '../../projections/ports.ts';
import { checkCall } from '../eventLimits.ts';
import {
  compareNumbered,
  distanceNumbered,
  endWithLog,
  parseNumbered,
  positionAfter,
  readFeed,
  refuseClosed,
  subscribeFeed,
} from '../numberedFeed.ts';
import type { GroupSize } from './filterGroups.ts';
import { LogState } from './logState.ts';
import { Maintenance } from './maintenance.ts';
import { createPackedReader, type ReadPacked } from './packedReader.ts';
import { Store } from './store.ts';
import { readByTime } from './timeReader.ts';
import { Writer } from './writer.ts';

export interface LmdbLogOptions {
  /** The log's own folder; it is made when it is missing. */
  path: string;
  clock: () => number;
  upcast?: UpcastTable;
  /** What unpacked events may take in memory, about. */
  cacheBytes?: number;
  /** How much of the file may be read before its pages are given back. */
  mappedBytes?: number;
  /** How many ids are kept in memory before they are sealed into a segment on disk. */
  idsPerSegment?: number;
  /** Which blocks' filters are kept together, and how many. */
  filterGroup?: GroupSize;
}

export interface LmdbLog extends EventLog {
  readPacked: ReadPacked;
  /** The file that everything is in. */
  readonly file: string;
}

/** Enough for those who read along at the head and for a request that is looked at again. */
const DEFAULT_CACHE_BYTES = 4 * 1024 * 1024;

export async function openLmdbLog(options: LmdbLogOptions): Promise<LmdbLog> {
  const { path, clock, upcast = upcastTable, cacheBytes = DEFAULT_CACHE_BYTES } = options;
  const store = new Store(path, options.mappedBytes);
  const state = new LogState(store, upcast, {
    cacheBytes,
    segmentIds: options.idsPerSegment,
    filterGroup: options.filterGroup,
  });
  const maintenance = new Maintenance(state);
  // Should one fail, the appends that follow fail likewise and tell why.
  const writer = new Writer(state, clock, {
    mergeBlocks: () => void maintenance.compact().catch(() => undefined),
    gatherFilters: () => void maintenance.gatherFilters().catch(() => undefined),
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    state.closed = true;
    state.grown.notify();
    await writer.drain();
    await maintenance.drain();
    await store.close();
  };
  return {
    append: async (appends) => {
      refuseClosed(state);
      checkCall(appends);
      return writer.append(appends);
    },
    readPacked: createPackedReader(state),
    file: store.file,
    read: (feed) => readFeed(state, feed),
    subscribe: (feed) => subscribeFeed(state, feed),
    head: async () => positionAfter(state.head),
    compare: compareNumbered,
    distance: distanceNumbered,
    parsePosition: parseNumbered,
    readStream: (stream, { fromRevision = 0, signal } = {}) => {
      refuseClosed(state);
      const ended = () => state.closed || signal?.aborted === true;
      return endWithLog(state, state.streams.read(stream, fromRevision, ended));
    },
    readByTime: (range): AsyncIterable<EventBatch> => {
      refuseClosed(state);
      return endWithLog(state, readByTime(state, range));
    },
    expire: async ({ before, keep }) => {
      refuseClosed(state);
      return maintenance.expire(before, keep);
    },
    maintain: async () => {
      refuseClosed(state);
      await maintenance.compact();
      await maintenance.gatherFilters();
    },
    stats: async () => {
      refuseClosed(state);
      return {
        bytes: await store.bytes(),
        events: state.directory.events,
        firstRecordedAt: state.directory.at(0)?.minAt,
        lastRecordedAt: state.directory.at(-1)?.maxAt,
        expiredBefore: state.expiredBefore,
      };
    },
    ping: async () => {
      refuseClosed(state);
      await store.probe();
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

import { refuseClosed } from '../numberedFeed.ts';
import { type BlockHead, isBlockOf, lostBlock, openBlock } from './block.ts';
import type { LogState } from './logState.ts';

/** Blocks as they stand on disk, for a reader in another thread: giving them away costs this one next to nothing. */
export interface PackedStretch {
  blocks: Uint8Array<ArrayBuffer>[];
  /** The position that is reached when all of them are read, as far as the caller asked. */
  to: number;
}

export interface PackedQuery {
  after: number;
  /** Inclusive; without it a block behind the head is waited for. */
  until?: number | undefined;
  /** Whole blocks with so many events together, or one block; without it all up to `until`. */
  maxEvents?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Undefined when there is nothing up to `until`, or when the wait has ended. */
export type ReadPacked = (query: PackedQuery) => Promise<PackedStretch | undefined>;

/** Before compression. */
const MAX_STRETCH_BYTES = 12 * 1024 * 1024;
const MOVES_BEFORE_GIVING_UP = 1_000;

export function createPackedReader(state: LogState): ReadPacked {
  return async ({ after, until, maxEvents, signal }) => {
    while (signal?.aborted !== true) {
      // Not `undefined`, which would say that everything has been read.
      refuseClosed(state);
      const reachable = Math.min(until ?? state.head, state.head);
      if (after < reachable) return await gather(state, after, reachable, maxEvents);
      if (until !== undefined) return undefined;
      await state.grown.wait(signal);
    }
    return undefined;
  };
}

async function gather(
  state: LogState,
  after: number,
  until: number,
  maxEvents = Number.POSITIVE_INFINITY,
): Promise<PackedStretch> {
  const maxBytes = maxEvents === Number.POSITIVE_INFINITY ? maxEvents : MAX_STRETCH_BYTES;
  const blocks: PackedStretch['blocks'] = [];
  let events = 0;
  let bytes = 0;
  let moves = 0;
  let reached = after;
  while (reached < until) {
    const head = state.directory.at(state.directory.indexAfter(reached));
    if (head === undefined || head.first > until) return { blocks, to: until };
    const full = events + head.count > maxEvents || bytes + head.rawBytes > maxBytes;
    if (full && blocks.length > 0) break;
    const block = await blockOf(state, head);
    if (block === undefined) {
      if (++moves > MOVES_BEFORE_GIVING_UP) throw await faultOf(state, head);
      continue;
    }
    blocks.push(block);
    events += head.count;
    bytes += head.rawBytes;
    reached = Math.min(until, head.last);
  }
  return { blocks, to: reached };
}

/** Undefined when it was rewritten a moment before the directory knows of it, so that it has to be looked up anew. */
async function blockOf(state: LogState, head: BlockHead): Promise<Uint8Array<ArrayBuffer> | undefined> {
  while (state.store.unreadable) await state.store.unreadable;
  const block = state.store.tables.blocks.getBinary(head.first);
  state.store.countRead(block?.length ?? 0);
  // A copy with memory of its own, which can be handed to another thread.
  if (block !== undefined && isBlockOf(head, block)) return new Uint8Array(block);
  await new Promise((resolve) => setImmediate(resolve));
  return undefined;
}

/** Why a block cannot be had that the directory goes on speaking of. */
async function faultOf(state: LogState, head: BlockHead): Promise<unknown> {
  const { file, tables } = state.store;
  const block = tables.blocks.getBinary(head.first);
  const lost = lostBlock(file, head);
  if (block === undefined) return lost;
  return openBlock(block, state.upcast, `in ${file} at position ${head.first}`).then(
    () => lost,
    (damage: unknown) => damage,
  );
}

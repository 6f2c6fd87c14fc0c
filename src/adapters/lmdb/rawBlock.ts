import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { type BlockHead, HEAD_BYTES, headOf } from './block.ts';
import { makeBloom } from './bloom.ts';
import { toColumns } from './columns.ts';
import type { Tables } from './store.ts';

/** A block that has yet to be compressed. */
export interface RawBlock {
  head: BlockHead;
  raw: Buffer;
  bloom: Buffer;
  events: RecordedEvent[];
}

/** Events with a hash of the stream of each. */
interface Events {
  events: RecordedEvent[];
  streams: number[];
}

export const EVENTS_PER_BLOCK = 1_024;
/** A block with fewer events is merged with its neighbours. */
export const SMALL_BLOCK = EVENTS_PER_BLOCK / 2;
const MAX_BLOCK_BYTES = 2 * 1024 * 1024;

/** Cuts events into blocks of about equal size; `ids` has 16 bytes of each. */
export function cutBlocks({ events, streams }: Events, ids: Uint8Array): RawBlock[] {
  return cut({ events, streams }, ids, Math.ceil(events.length / EVENTS_PER_BLOCK));
}

function cut({ events, streams }: Events, ids: Uint8Array, parts: number): RawBlock[] {
  return Array.from({ length: parts }, (_, part) => {
    const start = Math.floor((events.length * part) / parts);
    const end = Math.floor((events.length * (part + 1)) / parts);
    const some = { events: events.slice(start, end), streams: streams.slice(start, end) };
    return encode(some, ids.subarray(start * 16, end * 16));
  }).flat();
}

/** One block, or several when the events are large. */
function encode({ events, streams }: Events, ids: Uint8Array): RawBlock[] {
  const raw = toColumns(events, ids);
  if (raw.length > MAX_BLOCK_BYTES && events.length > 1) return cut({ events, streams }, ids, 2);
  return [{ head: headOf(events, raw.length), raw, bloom: makeBloom(new Set(streams)), events }];
}

export function putBlock(tables: Tables, { head, bloom }: RawBlock, block: Buffer): void {
  tables.blocks.put(head.first, block);
  tables.directory.put(head.first, Buffer.from(block.subarray(0, HEAD_BYTES)));
  tables.blooms.put(head.first, bloom);
}

export function removeBlock(tables: Tables, { first }: BlockHead): void {
  tables.blocks.remove(first);
  tables.directory.remove(first);
  tables.blooms.remove(first);
}

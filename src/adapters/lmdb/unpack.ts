import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { upcastTable } from '../../domain/events/upcast.ts';
import { openBlock, readHead } from './block.ts';
import { between } from './slice.ts';

/**
 * The events of packed blocks with `after < position <= until`, one block after the other, lifted by the
 * engine's own table of upcasts.
 */
export async function* unpackBlocks(
  blocks: readonly Uint8Array<ArrayBuffer>[],
  { after, until, file }: { after: number; until: number; file: string },
): AsyncGenerator<readonly RecordedEvent[]> {
  const open = (bytes: Uint8Array<ArrayBuffer> | undefined) => {
    if (bytes === undefined) return undefined;
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const { first, last } = readHead(block);
    const events = openBlock(block, upcastTable, `in ${file} at position ${first}`);
    // It is awaited in its turn, or not at all when one before it is damaged.
    events.catch(() => undefined);
    return { events, last };
  };
  // Blocks are merged meanwhile: a later one may begin with what an earlier one had.
  let reached = after;
  let next = open(blocks[0]);
  for (let index = 1; next !== undefined; index++) {
    const { events: opening, last } = next;
    const events = await opening;
    // The pool inflates the one that follows while this one is worked on.
    next = open(blocks[index]);
    yield between(events, reached, until, events.length);
    reached = Math.max(reached, last);
  }
}

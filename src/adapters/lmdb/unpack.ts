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
  // Blocks are merged meanwhile: a later one may begin with what an earlier one had.
  let reached = after;
  for (const bytes of blocks) {
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const { first, last } = readHead(block);
    const events = await openBlock(block, upcastTable, `in ${file} at position ${first}`);
    yield between(events, reached, until, events.length);
    reached = Math.max(reached, last);
  }
}

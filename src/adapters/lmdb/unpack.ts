import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { upcastTable } from '../../domain/events/upcast.ts';
import { openBlock, readHead } from './block.ts';
import { between } from './slice.ts';

/** The events of packed blocks with `after < position <= until`, one block after the other. */
export async function* unpackBlocks(
  blocks: readonly Uint8Array<ArrayBuffer>[],
  { after, until, file }: { after: number; until: number; file: string },
): AsyncGenerator<readonly RecordedEvent[]> {
  for (const bytes of blocks) {
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const events = await openBlock(block, upcastTable, `in ${file} at position ${readHead(block).first}`);
    yield between(events, after, until, events.length);
  }
}

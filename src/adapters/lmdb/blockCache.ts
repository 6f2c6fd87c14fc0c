import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { BlockHead } from './block.ts';

/** What an unpacked event takes in memory, against its bytes before compression. */
const OVERHEAD = 5;

/**
 * Unpacked blocks, the longest unused leave first. The key is the head itself and not its position: a block that
 * was rewritten has a new head, so what was unpacked before can never be taken for it.
 */
export class BlockCache {
  private readonly blocks = new Map<BlockHead, readonly RecordedEvent[]>();
  private bytes = 0;
  private readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get(head: BlockHead): readonly RecordedEvent[] | undefined {
    const events = this.blocks.get(head);
    if (events === undefined) return undefined;
    this.blocks.delete(head);
    this.blocks.set(head, events);
    return events;
  }

  set(head: BlockHead, events: readonly RecordedEvent[]): void {
    this.forget(head);
    this.blocks.set(head, events);
    this.bytes += head.rawBytes * OVERHEAD;
    for (const oldest of this.blocks.keys()) {
      if (this.bytes <= this.maxBytes || oldest === head) return;
      this.forget(oldest);
    }
  }

  forget(head: BlockHead): void {
    if (this.blocks.delete(head)) this.bytes -= head.rawBytes * OVERHEAD;
  }
}

import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { BlockHead } from './block.ts';
import type { BlockReader } from './blockReader.ts';
import { mayHave } from './bloom.ts';
import type { Directory } from './directory.ts';
import { hashText } from './hash.ts';
import type { Revisions } from './revisions.ts';
import type { Store } from './store.ts';

/** How many filters are looked through before others get their turn. */
const FILTERS_PER_TURN = 2_000;
const FILTER_PAGE_BYTES = 2_048;

/** Finds a stream's events: by revision for the streams that decide, by the blocks' filters for the rest. */
export class StreamReader {
  private readonly store: Store;
  private readonly directory: Directory;
  private readonly blocks: BlockReader;
  private readonly revisions: Revisions;

  constructor(store: Store, directory: Directory, blocks: BlockReader, revisions: Revisions) {
    this.store = store;
    this.directory = directory;
    this.blocks = blocks;
    this.revisions = revisions;
  }

  async *read(stream: string, fromRevision: number, ended: () => boolean): AsyncGenerator<RecordedEvent[]> {
    while (this.store.unreadable) await this.store.unreadable;
    if (this.revisions.isDeciding(stream)) yield* this.byRevision(stream, fromRevision, ended);
    else yield* this.byFilter(stream, fromRevision, ended);
  }

  private async *byRevision(
    stream: string,
    fromRevision: number,
    ended: () => boolean,
  ): AsyncGenerator<RecordedEvent[]> {
    while (this.store.unreadable) await this.store.unreadable;
    const positions = [...this.revisions.positions(stream, fromRevision)].map(({ position }) => position);
    let next = 0;
    while (next < positions.length && !ended()) {
      const from = positions[next] as number;
      const { events, to } = await this.blocks.stretch(
        from - 1,
        this.endOfBlock(from),
        Number.MAX_SAFE_INTEGER,
      );
      const found = events.filter((event) => event.stream === stream);
      while ((positions[next] as number) <= to) next++;
      if (found.length > 0 && !ended()) yield found;
    }
  }

  private endOfBlock(position: number): number {
    return this.directory.at(this.directory.indexAfter(position - 1))?.last ?? position;
  }

  private async *byFilter(
    stream: string,
    fromRevision: number,
    ended: () => boolean,
  ): AsyncGenerator<RecordedEvent[]> {
    let skip = fromRevision;
    for await (const candidate of this.candidates(stream)) {
      const { events } = await this.blocks.stretch(
        candidate.first - 1,
        candidate.last,
        Number.MAX_SAFE_INTEGER,
      );
      const found = events.filter((event) => event.stream === stream);
      if (ended()) return;
      if (found.length > skip) yield found.slice(skip);
      skip = Math.max(0, skip - found.length);
    }
  }

  private async *candidates(stream: string): AsyncGenerator<BlockHead> {
    const hash = hashText(stream);
    let reached = 0;
    for (;;) {
      while (this.store.unreadable) await this.store.unreadable;
      const { blooms } = this.store.tables;
      let index = this.directory.indexAfter(reached);
      const end = Math.min(index + FILTERS_PER_TURN, this.directory.size);
      if (index >= end) return;
      const hits: BlockHead[] = [];
      this.store.countRead((end - index) * FILTER_PAGE_BYTES);
      for (; index < end; index++) {
        const head = this.directory.at(index) as BlockHead;
        const bloom = blooms.getBinaryFast(head.first);
        if (bloom === undefined || mayHave(bloom, hash)) hits.push(head);
        reached = head.last;
      }
      yield* hits;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

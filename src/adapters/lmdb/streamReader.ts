import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { BlockHead } from './block.ts';
import type { BlockReader } from './blockReader.ts';
import { mayHave } from './bloom.ts';
import type { Directory } from './directory.ts';
import type { FilterGroups } from './filterGroups.ts';
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
  private readonly filters: FilterGroups;
  private readonly revisions: Revisions;

  constructor(
    store: Store,
    directory: Directory,
    blocks: BlockReader,
    filters: FilterGroups,
    revisions: Revisions,
  ) {
    this.store = store;
    this.directory = directory;
    this.blocks = blocks;
    this.filters = filters;
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
    for await (const { after, until } of this.candidates(stream)) {
      const { events } = await this.blocks.stretch(after, until, Number.MAX_SAFE_INTEGER);
      const found = events.filter((event) => event.stream === stream);
      if (ended()) return;
      if (found.length > skip) yield found.slice(skip);
      skip = Math.max(0, skip - found.length);
    }
  }

  /** Stretches of the log that may have the stream, in order and without overlap. */
  private async *candidates(stream: string): AsyncGenerator<{ after: number; until: number }> {
    const hash = hashText(stream);
    let reached = 0;
    for (;;) {
      while (this.store.unreadable) await this.store.unreadable;
      const start = this.directory.indexAfter(reached);
      if (start >= this.directory.size) return;
      const { hits, end } = this.look(hash, start, start + FILTERS_PER_TURN);
      const before = reached;
      reached = (this.directory.at(end - 1) as BlockHead).last;
      // The first may have been merged with blocks that were looked at before.
      for (const { first, last } of hits) yield { after: Math.max(first - 1, before), until: last };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The blocks from `start` to about `goal` that may have the stream, and the index behind the last one looked at. */
  private look(hash: number, start: number, goal: number): { hits: BlockHead[]; end: number } {
    const { directory, filters, store } = this;
    const hits: BlockHead[] = [];
    let index = start;
    while (index < Math.min(goal, directory.size)) {
      const head = directory.at(index) as BlockHead;
      const group = filters.startingAt(head.first);
      if (group === undefined) {
        store.countRead(FILTER_PAGE_BYTES);
        const bloom = store.tables.blooms.getBinaryFast(head.first);
        if (bloom === undefined || mayHave(bloom, hash)) hits.push(head);
        index++;
        continue;
      }
      for (const [i, bloom] of group.entries())
        if (mayHave(bloom, hash)) hits.push(directory.at(index + i) as BlockHead);
      index += group.length;
    }
    return { hits, end: index };
  }
}

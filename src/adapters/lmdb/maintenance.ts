import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { BlockHead } from './block.ts';
import { packIds } from './hexColumn.ts';
import type { LogState } from './logState.ts';
import { EVENTS_PER_BLOCK, SMALL_BLOCK } from './rawBlock.ts';
import { rewriteBlocks } from './rewrite.ts';

/** How many blocks one transaction of an expiry replaces. */
const BLOCKS_PER_STEP = 16;
/** So many small blocks are merged although they do not fill one yet. */
const WORTH_MERGING = 8;
const MERGES_PER_CALL = 1_000;
const MAX_MERGED_BYTES = 1024 * 1024;

type Keep = (event: RecordedEvent) => boolean;

/** Rewrites blocks behind the back of readers and appends, one step after another. */
export class Maintenance {
  private last: Promise<unknown> = Promise.resolve();
  /** Everything up to here has been looked through for small blocks. */
  private compactedTo = 0;
  private readonly state: LogState;

  constructor(state: LogState) {
    this.state = state;
  }

  drain(): Promise<unknown> {
    return this.last;
  }

  expire(before: number, keep: Keep): Promise<number> {
    return this.inTurn(() => this.forgetOld(before, keep));
  }

  /** Merges small blocks into large ones, which take far less room; at most so many in one call. */
  compact(): Promise<void> {
    return this.inTurn(async () => {
      for (let merges = 0; merges < MERGES_PER_CALL && !this.state.closed; merges++) {
        const run = this.nextRun();
        if (run === undefined) return;
        const events = await this.eventsOf(run);
        await rewriteBlocks(this.state, run, events, []);
        this.compactedTo = (run[0] as BlockHead).first - 1;
      }
    });
  }

  /** Puts filters of blocks together that are no longer merged. */
  gatherFilters(): Promise<void> {
    return this.inTurn(() => this.state.filters.gather(() => this.state.closed));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }

  private nextRun(): BlockHead[] | undefined {
    const { directory } = this.state;
    let run: BlockHead[] = [];
    let events = 0;
    let bytes = 0;
    for (let i = directory.indexAfter(this.compactedTo); i <= directory.size; i++) {
      const head = i < directory.size ? directory.at(i) : undefined;
      const fits =
        head !== undefined &&
        head.count < SMALL_BLOCK &&
        events + head.count <= EVENTS_PER_BLOCK &&
        bytes + head.rawBytes <= MAX_MERGED_BYTES;
      if (head !== undefined && fits) {
        run.push(head);
        events += head.count;
        bytes += head.rawBytes;
        continue;
      }
      if (run.length >= WORTH_MERGING || (run.length > 1 && events >= SMALL_BLOCK)) return run;
      if (head === undefined) return undefined;
      this.compactedTo = run.at(-1)?.last ?? this.compactedTo;
      run = head.count < SMALL_BLOCK ? [head] : [];
      events = run.length === 0 ? 0 : head.count;
      bytes = run.length === 0 ? 0 : head.rawBytes;
      if (run.length === 0) this.compactedTo = head.last;
    }
    return undefined;
  }

  private async eventsOf(run: readonly BlockHead[]): Promise<readonly RecordedEvent[]> {
    const from = (run[0] as BlockHead).first - 1;
    const until = (run.at(-1) as BlockHead).last;
    const parts: RecordedEvent[] = [];
    for (let after = from; after < until; ) {
      const { events, to } = await this.state.stretch(after, until, Number.MAX_SAFE_INTEGER);
      parts.push(...events);
      after = to;
    }
    return parts;
  }

  private async forgetOld(before: number, keep: Keep): Promise<number> {
    const { state } = this;
    const sealedTo = state.ids.lastSealedUpTo(state.head) ?? 0;
    const keptIds: Uint8Array[] = [];
    let forgotten = 0;
    let reached = 0;
    await this.rememberExpiry(before);
    for (;;) {
      const heads = this.oldBlocks(reached, before);
      const newest = heads.at(-1);
      if (newest === undefined || state.closed) break;
      const events = await this.eventsOf(heads);
      const kept = events.filter((event) => event.recordedAt >= before || keep(event));
      keptIds.push(packIds(kept.filter((event) => Number(event.position) <= sealedTo)));
      if (kept.length < events.length) {
        const stays = new Set(kept);
        await rewriteBlocks(
          state,
          heads,
          kept,
          events.filter((event) => !stays.has(event)),
        );
      }
      forgotten += events.length - kept.length;
      reached = newest.last;
    }
    this.compactedTo = 0;
    await state.ids.forgetUpTo(Math.min(reached, sealedTo), keptIds);
    return forgotten;
  }

  private oldBlocks(after: number, before: number): BlockHead[] {
    const { directory } = this.state;
    const start = directory.indexAfter(after);
    const heads = directory.all().slice(start, start + BLOCKS_PER_STEP);
    return heads.filter(({ minAt }) => minAt < before);
  }

  /** Written first: a reader may be told too early that something could be gone, but never too late. */
  private async rememberExpiry(before: number): Promise<void> {
    const { state } = this;
    const expiredBefore = Math.max(before, state.expiredBefore ?? before);
    const { key, row } = state.metaRow(expiredBefore);
    await state.store.write(({ meta }) => meta.put(key, row));
    state.expiredBefore = expiredBefore;
  }
}

import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { type BlockHead, sealBlock } from './block.ts';
import { hashText } from './hash.ts';
import { packIds } from './hexColumn.ts';
import type { LogState } from './logState.ts';
import { cutBlocks, putBlock, type RawBlock, removeBlock } from './rawBlock.ts';
import type { Tables } from './store.ts';

/** Puts blocks with `events` in the place of `old`, which stand next to each other, in one transaction. */
export async function rewriteBlocks(
  state: LogState,
  old: readonly BlockHead[],
  events: readonly RecordedEvent[],
  forgotten: readonly RecordedEvent[],
): Promise<void> {
  const streams = events.map(({ stream }) => hashText(stream));
  const fresh = cutBlocks({ events: [...events], streams }, packIds(events));
  const blocks = await Promise.all(fresh.map(({ head, raw }) => sealBlock(head, raw)));
  while (state.store.unreadable) await state.store.unreadable;
  const rows = forgottenRevisions(state, forgotten);
  const groups = state.filters.around(old);
  await state.store.write((tables) => {
    state.filters.dissolve(tables, groups);
    for (const head of old) removeBlock(tables, head);
    for (const [i, block] of blocks.entries()) putBlock(tables, fresh[i] as RawBlock, block);
    removeRows(tables, rows);
  });
  state.filters.forget(groups);
  state.directory.replace(
    old,
    fresh.map(({ head }) => head),
  );
  for (const head of old) state.cache.forget(head);
}

type RevisionKey = [string, number];

function forgottenRevisions({ revisions }: LogState, forgotten: readonly RecordedEvent[]): RevisionKey[] {
  const byStream = new Map<string, Set<number>>();
  for (const { stream, position } of forgotten) {
    if (!byStream.has(stream) && revisions.isDeciding(stream)) byStream.set(stream, new Set());
    byStream.get(stream)?.add(Number(position));
  }
  return [...byStream].flatMap(([stream, gone]) => keysOf(stream, gone, revisions.positions(stream, 0)));
}

/** A stream's positions ascend, so that the search ends with the last of those that are gone. */
function keysOf(
  stream: string,
  gone: ReadonlySet<number>,
  rows: Iterable<{ revision: number; position: number }>,
): RevisionKey[] {
  const keys: RevisionKey[] = [];
  for (const { revision, position } of rows) {
    if (gone.has(position)) keys.push([stream, revision]);
    if (keys.length === gone.size) break;
  }
  return keys;
}

function removeRows({ revisions }: Tables, keys: readonly RevisionKey[]): void {
  for (const key of keys) revisions.remove(key);
}

import { hashText } from './hash.ts';
import type { Store, Tables } from './store.ts';

const FILTER_BITS = 2 ** 23;

/**
 * The streams that decide, which is to say that were ever appended to with an expected revision: revision by
 * revision, where each event stands. Telemetry's far more numerous streams are not in here.
 */
export class Revisions {
  /** Last revisions, those on their way to disk included. */
  private readonly pending = new Map<string, number>();
  /** Tells nearly every stream of telemetry from these without a look at the disk. */
  private readonly filter = new Uint8Array(FILTER_BITS / 8);
  private readonly store: Store;

  private constructor(store: Store) {
    this.store = store;
  }

  static load(store: Store): Revisions {
    const revisions = new Revisions(store);
    for (const stream of store.tables.heads.getKeys({})) revisions.remember(hashText(stream));
    return revisions;
  }

  private remember(hash: number): void {
    const bit = hash % FILTER_BITS;
    this.filter[bit >>> 3] = (this.filter[bit >>> 3] as number) | (1 << (bit & 7));
  }

  /** The last revision, undefined when the stream is not one that decides. */
  last(stream: string, hash: number): number | undefined {
    const bit = hash % FILTER_BITS;
    if (((this.filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return undefined;
    const pending = this.pending.get(stream);
    if (pending !== undefined) return pending;
    const stored = this.store.tables.heads.getBinary(stream);
    return stored?.readUInt32LE(0);
  }

  advance(stream: string, hash: number, last: number): void {
    this.remember(hash);
    this.pending.set(stream, last);
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  /** To be called when nothing is on its way to disk, or when what was will never get there. */
  forgetPending(): void {
    this.pending.clear();
  }

  put({ revisions, heads }: Tables, stream: string, first: number, positions: readonly number[]): void {
    for (const [i, position] of positions.entries()) revisions.put([stream, first + i], numberRow(position));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(first + positions.length - 1, 0);
    heads.put(stream, head);
  }

  *positions(stream: string, fromRevision: number): Generator<{ revision: number; position: number }> {
    const range = { start: [stream, fromRevision], end: [stream, Number.MAX_SAFE_INTEGER] } as const;
    for (const { key, value } of this.store.tables.revisions.getRange(range as never)) {
      yield { revision: (key as [string, number])[1], position: value.readDoubleLE(0) };
    }
  }

  isDeciding(stream: string): boolean {
    return this.last(stream, hashText(stream)) !== undefined;
  }
}

function numberRow(value: number): Buffer {
  const row = Buffer.alloc(8);
  row.writeDoubleLE(value, 0);
  return row;
}

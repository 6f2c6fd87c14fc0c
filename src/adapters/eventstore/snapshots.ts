import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { SnapshotStore } from '../../projections/alerts/ports.ts';
import { Note } from './bookkeeping.ts';
import type { EventStoreConnection } from './connection.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** As text this stays below what the server takes in one event. */
const PART_BYTES = 700_000;
const MOST_PARTS = 30;
/** The newest snapshot whole, whatever of another is being written. */
const KEPT_PARTS = 2 * MOST_PARTS + 4;

interface Part {
  snapshot: string;
  part: number;
  parts: number;
  data: string;
}

export interface EventStoreSnapshotsOptions {
  connection: EventStoreConnection;
  name: string;
}

/**
 * Snapshots where every process finds them: whoever takes the work over goes on from where the last one was. Two that
 * write at once leave one of theirs, and an older one only means that more of the log is gone through again.
 */
export function openEventStoreSnapshots({ connection, name }: EventStoreSnapshotsOptions): SnapshotStore {
  const note = new Note(connection, `snapshot-${name}`, KEPT_PARTS);
  let isBegun = false;

  async function write(part: Part): Promise<void> {
    // The first event of a stream is the moment at which the server is told how much of it to keep.
    const isFirst = !isBegun && (await note.read()).revision === -1;
    const written = isFirst ? await note.write('SnapshotPart', part, -1) : undefined;
    if (written === undefined) await note.write('SnapshotPart', part, 'any');
    isBegun = true;
  }

  return {
    async load() {
      const packed = newestWhole((await note.all()) as Part[]);
      if (packed === undefined) return undefined;
      // Damaged: whatever it held can be worked out again from the log.
      return await unpack(packed).then(String, () => undefined);
    },
    async save(text) {
      const packed = await pack(text, { level: 1 });
      const parts = Math.ceil(packed.length / PART_BYTES);
      if (parts > MOST_PARTS)
        throw new Error(
          `A snapshot of ${packed.length} packed bytes is more than the event store is given (${MOST_PARTS * PART_BYTES}).`,
        );
      const snapshot = randomUUID();
      for (let part = 0; part < parts; part++) {
        const data = packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('base64');
        await write({ snapshot, part, parts, data });
      }
    },
  };
}

/** The parts come the newest first, those of two writers between each other. */
function newestWhole(all: readonly Part[]): Buffer | undefined {
  const found = new Map<string, Map<number, Buffer>>();
  for (const { snapshot, part, parts, data } of all) {
    const known = found.get(snapshot) ?? new Map<number, Buffer>();
    found.set(snapshot, known.set(part, Buffer.from(data, 'base64')));
    if (known.size < parts) continue;
    return Buffer.concat([...known].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }
  return undefined;
}

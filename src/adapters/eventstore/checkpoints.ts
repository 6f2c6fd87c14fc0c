import { type Checkpoint, type CheckpointStore, CheckpointTakenError } from '../../projections/ports.ts';
import { Note } from './bookkeeping.ts';
import type { EventStoreConnection } from './connection.ts';

interface Kept {
  note: Note;
  /** What was loaded or written last; `taken` when another process has gone on, until it is loaded again. */
  revision: number | 'taken';
  waiting: { checkpoint: Checkpoint | undefined; written: Promise<void> } | undefined;
  last: Promise<unknown>;
}

/** Names come and go rarely; each is noted once. */
const MOST_NAMES = 100_000;

/**
 * Each checkpoint is the last event of a stream, and is written against the revision that this process has seen. That is
 * the fence between processes that take a projection for theirs: whoever goes on first has it, and the other one learns.
 */
export function openEventStoreCheckpoints({
  connection,
}: {
  connection: EventStoreConnection;
}): CheckpointStore {
  const names = new Note(connection, 'checkpoints', MOST_NAMES);
  const kept = new Map<string, Kept>();

  const keptOf = (name: string): Kept => {
    let one = kept.get(name);
    if (one === undefined) {
      const note = new Note(connection, `checkpoint-${name}`);
      one = { note, revision: -1, waiting: undefined, last: Promise.resolve() };
      kept.set(name, one);
    }
    return one;
  };

  /** One after the other for each name. */
  const inTurn = <T>(one: Kept, work: () => Promise<T>): Promise<T> => {
    const result = one.last.catch(() => undefined).then(work);
    one.last = result;
    return result;
  };

  const load = (name: string): Promise<Checkpoint | undefined> => {
    const one = keptOf(name);
    return inTurn(one, async () => {
      const { data, revision } = await one.note.read();
      one.revision = revision;
      return checkpointIn(data);
    });
  };

  const write = async (name: string, one: Kept, checkpoint: Checkpoint | undefined): Promise<void> => {
    if (one.revision === 'taken') throw new CheckpointTakenError(name);
    if (one.revision === -1) await names.write('CheckpointNamed', { name }, 'any');
    const data = checkpoint === undefined ? { removed: true } : { checkpoint };
    const revision = await one.note.write('CheckpointSaved', data, one.revision);
    one.revision = revision ?? 'taken';
    if (revision === undefined) throw new CheckpointTakenError(name);
  };

  // What is saved while a write waits its turn takes the place of what that one would have written.
  const change = (name: string, checkpoint: Checkpoint | undefined): Promise<void> => {
    const one = keptOf(name);
    const copy = structuredClone(checkpoint);
    if (one.waiting !== undefined) {
      one.waiting.checkpoint = copy;
      return one.waiting.written;
    }
    const written = inTurn(one, () => {
      const latest = one.waiting?.checkpoint;
      one.waiting = undefined;
      return write(name, one, latest);
    });
    one.waiting = { checkpoint: copy, written };
    return written;
  };

  return {
    load,
    save: change,
    remove: async (name) => {
      if ((await load(name)) !== undefined) await change(name, undefined);
    },
    list: async () => {
      const noted = new Set((await names.all()).map(nameIn));
      const present = await Promise.all(
        [...noted].map(async (name) => {
          const { data } = await keptOf(name).note.read();
          return checkpointIn(data) === undefined ? [] : [name];
        }),
      );
      return present.flat().sort();
    },
  };
}

const checkpointIn = (data: unknown): Checkpoint | undefined =>
  (data as { checkpoint?: Checkpoint } | undefined)?.checkpoint;

const nameIn = (data: unknown): string => (data as { name: string }).name;

import type { Position } from '../../domain/position.ts';
import {
  type Checkpoint,
  type CheckpointStore,
  CheckpointTakenError,
  type EventFeed,
  type Generation,
} from '../ports.ts';
import type { Projection } from '../projection.ts';

export const laneRecordOf = (lane: number): string => `lane-${lane}`;

/** How many lanes there are, which cannot change under what they have filled. */
export const lanesRecord = 'lanes';

/** Tables that are filled by lanes have no one position from which the whole log could go on. */
export async function refuseLanes(checkpoints: Pick<CheckpointStore, 'load'>): Promise<void> {
  if ((await checkpoints.load(lanesRecord)) === undefined) return;
  throw new Error(
    'These read models are filled from a feed in lanes; go on with it, or give another database.',
  );
}

/** Of tables that are filled by lanes: they are never built anew beside themselves. */
export const laneGeneration = ({ version }: Pick<Projection, 'version'>): Generation => ({
  version,
  number: 1,
});

type Places = Checkpoint['projections'] & {};

export interface LaneRecordDeps {
  checkpoints: Pick<CheckpointStore, 'load' | 'save'>;
  lane: number;
  projections: readonly Projection[];
  compare: EventFeed['compare'];
  /** What has moved is saved so long afterwards at the latest. */
  idleSaveMs: number;
  /** Up to here all projections have come, and it is on disk. */
  onSaved: (least: Position) => void;
  /** Another process goes on with the lane; nothing more is saved. */
  onTaken: () => void;
  onFailed: (error: unknown) => void;
  /** Aborted when the lane is let go of. */
  signal: AbortSignal;
}

/** Where the projections stand in a lane, in one record, which is the fence between those who take the lane for theirs. */
export interface LaneRecord {
  readonly least: Position | undefined;
  generationOf(projection: Projection): Generation;
  /** Resolves when it is on disk. */
  save(projection: string, generation: Generation): Promise<void>;
  /** It will be on disk soon. */
  note(projection: string, generation: Generation): void;
  /** Nothing is saved from here on. */
  close(): void;
}

const retryMs = 1_000;

/** Whoever saves the record next after its load has the lane; throws `CheckpointTakenError` when that was another one. */
export async function takeLane(deps: LaneRecordDeps): Promise<LaneRecord> {
  const { checkpoints, lane, projections, compare } = deps;
  const name = laneRecordOf(lane);
  const loaded = await checkpoints.load(name);
  // Who looks at a lane that was let go of loads its record anew, and a save would then overwrite what was never seen here.
  deps.signal.throwIfAborted();
  const { ours, others } = placesIn(loaded, projections);
  const leastNow = () => leastOf([...ours.values()], compare);
  let isClosed = false;
  let queued: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function write(): Promise<void> {
    if (isClosed) throw new CheckpointTakenError(name);
    clearTimeout(timer);
    timer = undefined;
    const least = leastNow();
    try {
      await checkpoints.save(name, recordOf(ours, others, compare));
    } catch (error) {
      if (error instanceof CheckpointTakenError && !isClosed) {
        close();
        deps.onTaken();
      }
      throw error;
    }
    // A successor may have begun meanwhile, and will come upon what was saved; it is not for this one to act upon.
    if (isClosed) throw new CheckpointTakenError(name);
    if (least !== undefined) deps.onSaved(least);
  }

  /** One at a time; all that comes while one is under way shares the next one. */
  function writeSoon(): Promise<void> {
    if (queued !== undefined) return queued;
    const next = last
      .catch(() => undefined)
      .then(() => {
        queued = undefined;
        return write();
      });
    queued = next;
    last = next;
    return next;
  }

  function writeWithin(ms: number): void {
    if (isClosed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      writeSoon().catch((error: unknown) => {
        if (isClosed) return;
        deps.onFailed(error);
        writeWithin(retryMs);
      });
    }, ms);
  }

  function close(): void {
    isClosed = true;
    clearTimeout(timer);
  }

  await write();
  return {
    get least() {
      return leastNow();
    },
    generationOf: (projection) => ({ ...laneGeneration(projection), ...ours.get(projection.name) }),
    save(projection, generation) {
      ours.set(projection, placeOf(generation));
      return writeSoon();
    },
    note(projection, generation) {
      ours.set(projection, placeOf(generation));
      writeWithin(deps.idleSaveMs);
    },
    close,
  };
}

type Place = Places[string];

const placeOf = ({ done, pending }: Place): Place => ({
  ...(done !== undefined && { done }),
  ...(pending !== undefined && { pending }),
});

/** Where each projection stands; one that the record does not know begins at the start of the log. */
export function placesIn(
  record: Checkpoint | undefined,
  projections: readonly Pick<Projection, 'name'>[],
): { ours: Map<string, Place>; others: Places } {
  const end = record?.active.done;
  const saved = Object.entries(record?.projections ?? {}).map(([name, place]): [string, Place] => [
    name,
    placeOf({ ...(end !== undefined && { done: end }), ...place }),
  ]);
  const names = new Set(projections.map(({ name }) => name));
  return {
    ours: new Map([
      ...projections.map(({ name }): [string, Place] => [name, {}]),
      ...saved.filter(([name]) => names.has(name)),
    ]),
    // Another version of the program has them; it goes on from there one day.
    others: Object.fromEntries(saved.filter(([name]) => !names.has(name))),
  };
}

/** Short, for it is written several times a second: most projections stand where all of them have come. */
function recordOf(
  ours: ReadonlyMap<string, Place>,
  others: Places,
  compare: EventFeed['compare'],
): Checkpoint {
  const places = [...Object.entries(others), ...ours];
  const end = leastOf(
    places.map(([, place]) => place),
    compare,
  );
  const shortened = places.map(([name, { done, pending }]): [string, Place] => [
    name,
    placeOf({
      ...(done !== undefined && done !== end && { done }),
      ...(pending !== undefined && { pending }),
    }),
  ]);
  return {
    active: { version: 1, number: 1, ...(end !== undefined && { done: end }) },
    projections: Object.fromEntries(shortened),
  };
}

/** Undefined while one of them has come nowhere. */
export function leastOf(
  places: readonly { done?: Position | undefined }[],
  compare: EventFeed['compare'],
): Position | undefined {
  let least: Position | undefined;
  for (const { done } of places) {
    if (done === undefined) return undefined;
    if (least === undefined || compare(done, least) < 0) least = done;
  }
  return least;
}

import type { Position } from '../domain/position.ts';
import { startOfDay } from '../domain/retention.ts';
import { insertable } from './batches.ts';
import { checksums, type DayChecksum, type Difference, differences } from './checksums.ts';
import { showCombinedViews } from './combinedViews.ts';
import {
  carryDay,
  createDerivations,
  createTables,
  dropFormer,
  dropGeneration,
  recordedDays,
  showGeneration,
  tableName,
} from './generations.ts';
import { CheckpointTakenError, type EventLog, type Generation } from './ports.ts';
import { tablesOf } from './projection.ts';
import type { ProjectedStretch } from './projector.ts';
import type { Runner, Tracked } from './runner.ts';

export interface RebuildProgress {
  projection: string;
  phase: 'reading' | 'comparing' | 'swapping' | 'done';
  eventsRead: number;
  eventsTotal: number;
}

export interface RebuildDeps {
  runner: Runner;
  log: Pick<EventLog, 'stats'>;
  onProgress: (progress: RebuildProgress) => void;
  signal?: AbortSignal;
}

export interface Verification {
  projection: string;
  position: Position | undefined;
  rows: number;
  differences: Difference[];
}

/** Builds a projection's tables again from the log, beside the present ones, and shows them when they have caught up. */
export const rebuild = (deps: RebuildDeps, tracked: Tracked): Promise<void> =>
  alone(tracked, async () => {
    const { runner } = deps;
    // The tables of the last try stand; only readers have not come to them.
    if (tracked.unfinished) return await finishSwap(runner, tracked);
    await beside(deps, tracked, async (fresh) => {
      deps.onProgress(progressOf(tracked, 'swapping', 0, 0));
      await runner.swap(tracked, fresh);
      runner.moveTo(tracked, fresh);
      await finishSwap(runner, tracked);
    });
  });

/** When this fails, the next rebuild makes it good, or the next start. */
async function finishSwap(runner: Runner, tracked: Tracked): Promise<void> {
  const { store } = runner.deps;
  await showGeneration(store, tracked.projection, tracked.checkpoint.active);
  if (runner.outdated().length === 0) await showCombinedViews(store);
  await dropFormer(store, runner.tracked);
  tracked.unfinished = false;
}

async function alone(tracked: Tracked, work: () => Promise<void>): Promise<void> {
  if (tracked.busy) {
    throw new RebuildBusyError(`${tracked.projection.name} is being rebuilt or verified already`);
  }
  tracked.busy = true;
  try {
    await work();
  } finally {
    tracked.busy = false;
  }
}

/** Builds the same tables again and compares; the present ones stay what they are. */
export async function verify(deps: RebuildDeps, tracked: Tracked): Promise<Verification> {
  const { runner } = deps;
  const { store } = runner.deps;
  if (runner.outdated().includes(tracked)) {
    throw new RebuildBusyError(`${tracked.projection.name} has a new version that is not built yet`);
  }
  let found: Verification | undefined;
  const compare = async (fresh: Generation) => {
    deps.onProgress(progressOf(tracked, 'comparing', 0, 0));
    const active = tracked.worker.generation;
    if (active.pending !== undefined) {
      throw new RebuildBusyError(
        `${tracked.projection.name} has an insert that failed and is still to be repeated`,
      );
    }
    const present = new Map<string, DayChecksum[]>();
    const expected = new Map<string, DayChecksum[]>();
    for (const table of tablesOf(tracked.projection)) {
      present.set(table.name, await checksums(store, table, tableName(store.layout, active, table.name)));
      expected.set(table.name, await checksums(store, table, tableName(store.layout, fresh, table.name)));
    }
    runner.moveTo(tracked, active);
    const source = expected.get(tracked.projection.source.name) ?? [];
    found = {
      projection: tracked.projection.name,
      position: active.done,
      rows: source.reduce((sum, day) => sum + day.rows, 0),
      differences: differences(present, expected),
    };
  };
  await alone(tracked, () => beside(deps, tracked, compare));
  if (found === undefined) throw new Error(`the verification of ${tracked.projection.name} was cut short`);
  return found;
}

/**
 * Fills a new generation from the log until it stands exactly where the live one does, which is stopped for the last
 * step. `finish` sees both at the same position. What it did not make the active one is dropped.
 */
async function beside(
  deps: RebuildDeps,
  tracked: Tracked,
  finish: (fresh: Generation) => Promise<void>,
): Promise<void> {
  const { runner, log } = deps;
  const { store, settings, feed } = runner.deps;
  const { projection } = tracked;
  const outdated = tracked.checkpoint.active.version !== projection.version;
  const building: Generation = { version: projection.version, number: tracked.checkpoint.active.number + 1 };
  await runner.noteBuilding(tracked, building);
  const before = tracked.worker;
  let stopped = false;
  try {
    await dropGeneration(store, projection, building);
    await createTables(store, projection, building, settings.retentionDays);
    const { expiredBefore, events } = await log.stats();
    const carriedBefore = startOfDay(expiredBefore ?? 0);
    await carryOver(deps, tracked, building, carriedBefore);
    await createDerivations(store, projection, building);
    const filler = createFiller(deps, tracked, building, carriedBefore, events);
    // Not further than the live one has come: it may lag behind the head, and the two have to meet.
    const goal = outdated ? await feed.head() : tracked.worker.done;
    let done = goal === undefined ? undefined : await filler.fill(undefined, goal);
    await tracked.worker.stop();
    stopped = true;
    // An outdated projection has no live worker to meet: the new generation goes on from where it stands.
    const meet = outdated ? done : tracked.worker.done;
    if (meet !== undefined && (done === undefined || feed.compare(done, meet) < 0))
      done = await filler.fill(done, meet);
    const expiredNow = (await log.stats()).expiredBefore ?? 0;
    if (startOfDay(expiredNow) > carriedBefore) {
      throw new RebuildBusyError('the log has forgotten a day meanwhile; begin again');
    }
    await finish({ ...building, ...(done === undefined ? {} : { done }) });
    deps.onProgress(progressOf(tracked, 'done', events, events));
  } finally {
    // Unless `finish` has put another worker in its place.
    if (stopped && !outdated && tracked.worker === before) runner.moveTo(tracked, before.generation);
    await clearAway(deps, tracked, building);
  }
}

/**
 * Also when the store fails: what is left of a generation that nobody speaks of is dropped by the next start. Where
 * another process has gone on, the tables of that name may be its own, and stay.
 */
async function clearAway({ runner }: RebuildDeps, tracked: Tracked, building: Generation): Promise<void> {
  let isTaken = false;
  try {
    await runner.forgetBuilding(tracked);
  } catch (error) {
    isTaken = error instanceof CheckpointTakenError;
    throw error;
  } finally {
    if (!isTaken && tracked.checkpoint.active.number !== building.number)
      await dropGeneration(runner.deps.store, tracked.projection, building);
  }
}

export class RebuildBusyError extends Error {}

/** What the log has forgotten is taken over from the present tables, a day at a time. */
async function carryOver(
  deps: RebuildDeps,
  tracked: Tracked,
  building: Generation,
  before: number,
): Promise<void> {
  const { store } = deps.runner.deps;
  const active = tracked.checkpoint.active;
  const firstDay = new Date(before).toISOString().slice(0, 10);
  for (const table of tablesOf(tracked.projection)) {
    const from = tableName(store.layout, active, table.name);
    for (const day of await recordedDays(store, from)) {
      deps.signal?.throwIfAborted();
      if (day < firstDay) await carryDay(store, tableName(store.layout, building, table.name), from, day);
    }
  }
}

function createFiller(
  deps: RebuildDeps,
  tracked: Tracked,
  building: Generation,
  carriedBefore: number,
  eventsTotal: number,
) {
  const { projector, store, settings, observer } = deps.runner.deps;
  const { projection } = tracked;
  const recordedFrom = carriedBefore === 0 ? undefined : carriedBefore;
  let eventsRead = 0;

  const stretchAfter = (after: Position | undefined, until: Position) =>
    projector.next({
      projections: [projection.name],
      after,
      until,
      maxEvents: settings.maxBatchEvents,
      recordedFrom,
      signal: deps.signal,
    });

  async function insert(stretch: ProjectedStretch): Promise<void> {
    for (const failure of stretch.unprojectable) observer.unprojectable(failure);
    const rows = stretch.rows.get(projection.name);
    if (rows !== undefined) await store.insert(insertable(store.layout, projection, building, stretch, rows));
  }

  return {
    /** The next stretch is read while the engine takes in the one before. */
    async fill(after: Position | undefined, until: Position): Promise<Position> {
      let inserting: Promise<void> = Promise.resolve();
      let reading = stretchAfter(after, until);
      try {
        for (let stretch = await reading; stretch !== undefined; stretch = await reading) {
          reading = stretchAfter(stretch.to, until);
          // Awaited in their turn, unless the other one fails; a rejection must not count as unhandled meanwhile.
          reading.catch(() => undefined);
          await inserting;
          inserting = insert(stretch);
          inserting.catch(() => undefined);
          eventsRead += stretch.events;
          deps.onProgress(progressOf(tracked, 'reading', eventsRead, eventsTotal));
        }
      } finally {
        await inserting;
      }
      deps.signal?.throwIfAborted();
      return until;
    },
  };
}

const progressOf = (
  tracked: Tracked,
  phase: RebuildProgress['phase'],
  eventsRead: number,
  eventsTotal: number,
): RebuildProgress => ({ projection: tracked.projection.name, phase, eventsRead, eventsTotal });

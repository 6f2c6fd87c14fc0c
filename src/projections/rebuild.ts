import type { Position } from '../domain/position.ts';
import { startOfDay } from '../domain/retention.ts';
import { insertable, rowsOfAll } from './batches.ts';
import { checksums, type DayChecksum, type Difference, differences } from './checksums.ts';
import {
  attachPartition,
  createDerivations,
  createTables,
  dropGeneration,
  recordedDays,
  showGeneration,
  tableName,
} from './generations.ts';
import type { EventBatch, EventLog, Generation } from './ports.ts';
import { tablesOf } from './projection.ts';
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
export async function rebuild(deps: RebuildDeps, tracked: Tracked): Promise<void> {
  const { runner } = deps;
  const { store } = runner.deps;
  await beside(deps, tracked, async (fresh) => {
    deps.onProgress(progressOf(tracked, 'swapping', 0, 0));
    const former = tracked.checkpoint.active;
    // The one step: from here on a restart starts from the new tables.
    await runner.save(tracked, { active: fresh });
    await showGeneration(store, tracked.projection, fresh);
    runner.moveTo(tracked, fresh);
    await dropGeneration(store, tracked.projection, former);
    return 'kept';
  });
}

/** Builds the same tables again and compares; the present ones stay what they are. */
export async function verify(deps: RebuildDeps, tracked: Tracked): Promise<Verification> {
  const { runner } = deps;
  const { store } = runner.deps;
  if (runner.outdated().includes(tracked)) {
    throw new RebuildBusyError(`${tracked.projection.name} has a new version that is not built yet`);
  }
  let found: Verification | undefined;
  await beside(deps, tracked, async (fresh) => {
    deps.onProgress(progressOf(tracked, 'comparing', 0, 0));
    const active = tracked.worker.generation;
    const present = new Map<string, DayChecksum[]>();
    const expected = new Map<string, DayChecksum[]>();
    for (const table of tablesOf(tracked.projection)) {
      present.set(table.name, await checksums(store, table, tableName(active, table.name)));
      expected.set(table.name, await checksums(store, table, tableName(fresh, table.name)));
    }
    runner.moveTo(tracked, active);
    const source = expected.get(tracked.projection.source.name) ?? [];
    found = {
      projection: tracked.projection.name,
      position: active.done,
      rows: source.reduce((sum, day) => sum + day.rows, 0),
      differences: differences(present, expected),
    };
    return 'not kept';
  });
  if (found === undefined) throw new Error(`the verification of ${tracked.projection.name} was cut short`);
  return found;
}

/**
 * Fills a new generation from the log until it stands exactly where the live one does, which is stopped for the last
 * step. `finish` sees both at the same position; it starts the live worker again.
 */
async function beside(
  deps: RebuildDeps,
  tracked: Tracked,
  finish: (fresh: Generation) => Promise<'kept' | 'not kept'>,
): Promise<void> {
  const { runner, log } = deps;
  const { store, settings, feed } = runner.deps;
  const { projection } = tracked;
  const outdated = tracked.checkpoint.active.version !== projection.version;
  const building: Generation = { version: projection.version, number: tracked.checkpoint.active.number + 1 };
  if (tracked.checkpoint.building !== undefined) {
    throw new RebuildBusyError(`${projection.name} is being rebuilt or verified already`);
  }
  await runner.save(tracked, { building });
  let stopped = false;
  let kept = false;
  try {
    await dropGeneration(store, projection, building);
    await createTables(store, projection, building, settings.retentionDays);
    const { expiredBefore, events } = await log.stats();
    const carriedBefore = expiredBefore === undefined ? 0 : startOfDay(expiredBefore);
    await carryOver(deps, tracked, building, carriedBefore);
    await createDerivations(store, projection, building);
    const filler = createFiller(deps, tracked, building, carriedBefore, events);
    // Not further than the live one has come: it may lag behind the head, and the two have to meet.
    const goal = outdated ? await feed.head() : tracked.worker.done;
    let done = goal === undefined ? undefined : await filler.fill(undefined, goal);
    await tracked.worker.stop();
    stopped = true;
    const live = tracked.worker.done;
    // An outdated projection has no live worker to meet: the new generation goes on from where it stands.
    const meet = outdated ? done : live;
    if (meet !== undefined && (done === undefined || feed.compare(done, meet) < 0))
      done = await filler.fill(done, meet);
    const fresh: Generation = { ...building, ...(done === undefined ? {} : { done }) };
    kept = (await finish(fresh)) === 'kept';
    stopped = false;
    deps.onProgress(progressOf(tracked, 'done', events, events));
  } finally {
    if (stopped && !outdated) runner.moveTo(tracked, tracked.worker.generation);
    if (!kept) await dropGeneration(store, projection, building);
    await runner.clearBuilding(tracked);
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
    const from = tableName(active, table.name);
    for (const day of await recordedDays(store, from)) {
      if (day < firstDay) await store.command(attachPartition(tableName(building, table.name), from, day));
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
  const { feed, store, settings, observer } = deps.runner.deps;
  const { projection } = tracked;
  let eventsRead = 0;

  async function insert(batch: EventBatch): Promise<void> {
    const events =
      carriedBefore === 0 ? batch.events : batch.events.filter((e) => e.recordedAt >= carriedBefore);
    const rows = rowsOfAll([projection], events, observer.unprojectable).get(projection.name);
    if (rows !== undefined) await store.insert(insertable(projection, building, batch, rows));
  }

  return {
    /** Reads the next batch while the engine takes in the one before. */
    async fill(after: Position | undefined, until: Position): Promise<Position> {
      let inserting: Promise<void> = Promise.resolve();
      const options = {
        after,
        until,
        maxEvents: settings.maxBatchEvents,
        ...(deps.signal && { signal: deps.signal }),
      };
      try {
        for await (const batch of feed.read(options)) {
          await inserting;
          inserting = insert(batch);
          // Awaited at the next batch; until then a rejection must not count as unhandled.
          inserting.catch(() => undefined);
          eventsRead += batch.events.length;
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

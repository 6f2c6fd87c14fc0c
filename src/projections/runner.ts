import type { Position } from '../domain/position.ts';
import { BatchWindow } from './batchWindow.ts';
import { showCombinedViews } from './combinedViews.ts';
import { createDatabases, dropGeneration, dropStrays, openGeneration } from './generations.ts';
import { refuseLanes } from './lanes/laneRecord.ts';
import type { Checkpoint, CheckpointStore, EventFeed, Generation } from './ports.ts';
import type { Projection } from './projection.ts';
import { createFeedProjector, type Projector } from './projector.ts';
import type { ProjectionSettings } from './settings.ts';
import type { Standing } from './standings.ts';
import { ProjectionWorker, type WorkerDeps } from './worker.ts';

export interface RunnerDeps extends Omit<WorkerDeps, 'window' | 'projector'> {
  /** Reads the feed in this thread, unless another one is given. */
  projector?: Projector;
  feed: EventFeed;
  checkpoints: CheckpointStore;
  projections: readonly Projection[];
  settings: ProjectionSettings;
}

/** One projection's checkpoint in memory; saved whole, in the order of the changes. */
export interface Tracked {
  projection: Projection;
  checkpoint: Checkpoint;
  worker: ProjectionWorker;
  /** The newest change of the checkpoint, on its way to disk. */
  saving: Promise<void>;
  /** Being rebuilt or verified. */
  busy: boolean;
  /** Swapped in, but the views do not show it yet, or the tables before it are still there. */
  unfinished: boolean;
}

export type Runner = Awaited<ReturnType<typeof createRunner>>;

/** Prepares the tables and views of every projection, then keeps each one up with the feed, independent of the rest. */
export async function createRunner(deps: RunnerDeps) {
  const { checkpoints, feed, store, settings, clock } = deps;
  const projector = deps.projector ?? createFeedProjector(feed, deps.projections);
  const window = new BatchWindow(deps.projections, {
    feed,
    projector,
    settings,
    onUnprojectable: deps.observer.unprojectable,
  });
  const workerDeps: WorkerDeps = { ...deps, projector, window };
  const waiters = new Set<() => void>();
  const wake = () => {
    for (const waiter of waiters) waiter();
  };

  /**
   * One change after the other, and on disk before in memory: a worker and a rebuild write to the same checkpoint, and
   * neither may undo what the other has written.
   */
  const change = (tracked: Tracked, next: (present: Checkpoint) => Checkpoint): Promise<void> => {
    const saved = tracked.saving.then(async () => {
      const checkpoint = next(tracked.checkpoint);
      await checkpoints.save(tracked.projection.name, checkpoint);
      tracked.checkpoint = checkpoint;
    });
    tracked.saving = saved.catch(() => undefined);
    return saved;
  };

  const track = (projection: Projection, checkpoint: Checkpoint): Tracked => {
    const saving = Promise.resolve();
    const tracked = { projection, checkpoint, saving, busy: false, unfinished: false } as Tracked;
    tracked.worker = workerOf(tracked, checkpoint.active);
    return tracked;
  };

  const workerOf = (tracked: Tracked, generation: Generation) =>
    new ProjectionWorker(
      tracked.projection,
      generation,
      workerDeps,
      (active) => change(tracked, (present) => ({ ...present, active })),
      wake,
    );

  /** An older version's tables are shown as they are, until a rebuild has made the new ones. */
  const outdated = (tracked: Tracked) => tracked.checkpoint.active.version !== tracked.projection.version;

  const all: Tracked[] = [];
  await refuseLanes(checkpoints);
  await createDatabases(store);
  for (const projection of deps.projections) {
    const checkpoint = await prepare(projection);
    all.push(track(projection, checkpoint));
  }
  await dropStrays(store, all);
  // They may read what an older version's views do not have; then the ones from before stay until the swap.
  if (!all.some(outdated)) await showCombinedViews(store);

  /** Loads or makes a checkpoint and sees to it that its tables and views are there. */
  async function prepare(projection: Projection): Promise<Checkpoint> {
    const saved = await checkpoints.load(projection.name);
    if (saved === undefined) {
      const active: Generation = { version: projection.version, number: 1 };
      await openGeneration(store, projection, active, settings.retentionDays);
      await checkpoints.save(projection.name, { active });
      return { active };
    }
    if (saved.building !== undefined && saved.building.number !== saved.active.number) {
      // A rebuild does not outlive its process: it is begun again, from the log.
      await dropGeneration(store, projection, saved.building);
      await checkpoints.save(projection.name, { active: saved.active });
    }
    if (saved.active.version === projection.version) {
      await openGeneration(store, projection, saved.active, settings.retentionDays);
    }
    return { active: saved.active };
  }

  /** When the first event behind `done` was recorded; undefined when none can be read. */
  async function firstMissing(done: Position | undefined, head: Position): Promise<number | undefined> {
    for await (const { events } of feed.read({ after: done, until: head, maxEvents: 1 })) {
      const [first] = events;
      if (first !== undefined) return first.recordedAt;
    }
    return undefined;
  }

  async function standing(tracked: Tracked, head: Position | undefined, now: number): Promise<Standing> {
    const { worker, projection } = tracked;
    const { version, number: generation, done: position } = worker.generation;
    const lagEvents = head === undefined ? 0 : feed.distance(position, head);
    // Nothing tells its age before the first batch since the start, which may be a long one.
    const since =
      head === undefined || lagEvents === 0
        ? undefined
        : (worker.lastRecordedAt ?? (await firstMissing(position, head)));
    const lagMs = since === undefined ? 0 : Math.max(0, now - since);
    return {
      projection: projection.name,
      version,
      generation,
      position,
      lagEvents,
      lagMs,
      error: worker.lastError,
    };
  }

  // What a new version still has to build would keep every reader waiting until the whole log is read.
  const hasReached = (position: Position) =>
    all
      .filter((tracked) => !outdated(tracked))
      .every(({ worker }) => worker.done !== undefined && feed.compare(worker.done, position) >= 0);

  return {
    deps: { ...deps, projector },
    tracked: all as readonly Tracked[],
    outdated: () => all.filter(outdated),
    start() {
      for (const tracked of all) if (!outdated(tracked)) tracked.worker.start();
    },
    async stop() {
      await Promise.all(all.map(({ worker }) => worker.stop()));
    },
    async standings(): Promise<Standing[]> {
      const head = await feed.head();
      const now = clock();
      return await Promise.all(all.map((tracked) => standing(tracked, head, now)));
    },
    /** Whether every projection passed `position` within the time given. */
    async reached(position: Position, timeoutMs: number): Promise<boolean> {
      if (hasReached(position)) return true;
      return await new Promise<boolean>((resolve) => {
        const finish = (answer: boolean) => {
          clearTimeout(timer);
          waiters.delete(check);
          resolve(answer);
        };
        const check = () => {
          if (hasReached(position)) finish(true);
        };
        const timer = setTimeout(() => finish(false), timeoutMs);
        waiters.add(check);
      });
    },
    /** Notes that a generation is being built, so that a restart clears it away. */
    noteBuilding: (tracked: Tracked, building: Generation) =>
      change(tracked, ({ active }) => ({ active, building })),
    forgetBuilding: (tracked: Tracked) => change(tracked, ({ active }) => ({ active })),
    /** The one step of a rebuild: from here on a restart starts from the new tables. */
    async swap(tracked: Tracked, fresh: Generation) {
      await change(tracked, () => ({ active: fresh }));
      tracked.unfinished = true;
    },
    /** Puts a worker on another generation of its projection; the caller has stopped the old one. */
    moveTo(tracked: Tracked, generation: Generation) {
      tracked.worker = workerOf(tracked, generation);
      tracked.worker.start();
    },
  };
}

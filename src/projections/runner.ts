import type { Position } from '../domain/position.ts';
import { BatchWindow } from './batchWindow.ts';
import { showCombinedViews } from './combinedViews.ts';
import {
  applyRetention,
  createDatabases,
  createDerivations,
  createTables,
  dropGeneration,
  dropStrays,
  showGeneration,
} from './generations.ts';
import type { Checkpoint, Generation } from './ports.ts';
import type { Projection } from './projection.ts';
import { createFeedProjector, type Projector } from './projector.ts';
import type { ProjectionSettings } from './settings.ts';
import { ProjectionWorker, type WorkerDeps } from './worker.ts';

export interface RunnerDeps extends Omit<WorkerDeps, 'window' | 'projector'> {
  /** Reads the feed in this thread, unless another one is given. */
  projector?: Projector;
  projections: readonly Projection[];
  settings: ProjectionSettings;
}

/** Where one projection stands. */
export interface Standing {
  projection: string;
  version: number;
  generation: number;
  position: Position | undefined;
  lagEvents: number;
  lagMs: number;
  /** Why the last insert failed, while it is being tried again. */
  error: string | undefined;
}

/** One projection's checkpoint in memory; saved whole, in the order of the changes. */
export interface Tracked {
  projection: Projection;
  checkpoint: Checkpoint;
  worker: ProjectionWorker;
  /** The newest change of the checkpoint, on its way to disk. */
  saving: Promise<void>;
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
    const tracked = { projection, checkpoint, saving: Promise.resolve() } as Tracked;
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

  const all: Tracked[] = [];
  await createDatabases(store);
  for (const projection of deps.projections) {
    const checkpoint = await prepare(projection);
    all.push(track(projection, checkpoint));
  }
  await dropStrays(store, all);
  await showCombinedViews(store);

  /** Loads or makes a checkpoint and sees to it that its tables and views are there. */
  async function prepare(projection: Projection): Promise<Checkpoint> {
    const saved = await checkpoints.load(projection.name);
    if (saved === undefined) {
      const active: Generation = { version: projection.version, number: 1 };
      await createTables(store, projection, active, settings.retentionDays);
      await createDerivations(store, projection, active);
      await showGeneration(store, projection, active);
      await checkpoints.save(projection.name, { active });
      return { active };
    }
    if (saved.building !== undefined && saved.building.number !== saved.active.number) {
      // A rebuild does not outlive its process: it is begun again, from the log.
      await dropGeneration(store, projection, saved.building);
      await checkpoints.save(projection.name, { active: saved.active });
    }
    if (saved.active.version === projection.version) {
      await createTables(store, projection, saved.active, settings.retentionDays);
      await applyRetention(store, projection, saved.active, settings.retentionDays);
      await createDerivations(store, projection, saved.active);
      await showGeneration(store, projection, saved.active);
    }
    return { active: saved.active };
  }

  /** An older version's tables are shown as they are, until a rebuild has made the new ones. */
  const outdated = (tracked: Tracked) => tracked.checkpoint.active.version !== tracked.projection.version;

  function standing(tracked: Tracked, head: Position | undefined, now: number): Standing {
    const { worker, projection } = tracked;
    const { version, number: generation } = worker.generation;
    const lagEvents = head === undefined ? 0 : feed.distance(worker.done, head);
    const lagMs =
      lagEvents === 0 || worker.lastRecordedAt === undefined ? 0 : Math.max(0, now - worker.lastRecordedAt);
    return {
      projection: projection.name,
      version,
      generation,
      position: worker.done,
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
      return all.map((tracked) => standing(tracked, head, now));
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
    swap: (tracked: Tracked, fresh: Generation) => change(tracked, () => ({ active: fresh })),
    /** Puts a worker on another generation of its projection; the caller has stopped the old one. */
    moveTo(tracked: Tracked, generation: Generation) {
      tracked.worker = workerOf(tracked, generation);
      tracked.worker.start();
    },
  };
}

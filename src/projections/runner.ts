import type { Position } from '../domain/position.ts';
import { BatchWindow } from './batchWindow.ts';
import { showCombinedViews } from './combinedViews.ts';
import {
  createDatabases,
  createDerivations,
  createTables,
  dropGeneration,
  dropStrays,
  showGeneration,
} from './generations.ts';
import type { Checkpoint, Generation } from './ports.ts';
import type { Projection } from './projection.ts';
import type { ProjectionSettings } from './settings.ts';
import { ProjectionWorker, type WorkerDeps } from './worker.ts';

export interface RunnerDeps extends Omit<WorkerDeps, 'window'> {
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
}

export type Runner = Awaited<ReturnType<typeof createRunner>>;

/** Prepares the tables and views of every projection, then keeps each one up with the feed, independent of the rest. */
export async function createRunner(deps: RunnerDeps) {
  const { checkpoints, feed, store, settings, clock } = deps;
  const window = new BatchWindow(deps.projections, {
    feed,
    settings,
    onUnprojectable: deps.observer.unprojectable,
  });
  const workerDeps: WorkerDeps = { ...deps, window };
  const waiters = new Set<() => void>();
  const wake = () => {
    for (const waiter of waiters) waiter();
  };

  const save = async (tracked: Tracked, change: Partial<Checkpoint>) => {
    tracked.checkpoint = { ...tracked.checkpoint, ...change };
    await checkpoints.save(tracked.projection.name, tracked.checkpoint);
  };

  const track = (projection: Projection, checkpoint: Checkpoint): Tracked => {
    const tracked = { projection, checkpoint } as Tracked;
    tracked.worker = workerOf(tracked, checkpoint.active);
    return tracked;
  };

  const workerOf = (tracked: Tracked, generation: Generation) =>
    new ProjectionWorker(
      tracked.projection,
      generation,
      workerDeps,
      (active) => save(tracked, { active }),
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
    if (saved.building !== undefined) {
      // A rebuild does not outlive its process: it is begun again, from the log.
      await dropGeneration(store, projection, saved.building);
      await checkpoints.save(projection.name, { active: saved.active });
    }
    if (saved.active.version === projection.version) {
      await createTables(store, projection, saved.active, settings.retentionDays);
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

  const hasReached = (position: Position) =>
    all.every(({ worker }) => worker.done !== undefined && feed.compare(worker.done, position) >= 0);

  return {
    deps,
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
    save,
    async clearBuilding(tracked: Tracked) {
      tracked.checkpoint = { active: tracked.checkpoint.active };
      await checkpoints.save(tracked.projection.name, tracked.checkpoint);
    },
    /** Puts a worker on another generation of its projection; the caller has stopped the old one. */
    moveTo(tracked: Tracked, generation: Generation) {
      tracked.worker = workerOf(tracked, generation);
      tracked.worker.start();
    },
  };
}

import type { Position } from '../domain/position.ts';
import { pause, unlessAborted } from './batchWindow.ts';
import { standingAt } from './follow.ts';
import type { Checkpoint, CheckpointStore, EventFeed } from './ports.ts';
import type { Projection } from './projection.ts';
import type { Standing, Standings } from './standings.ts';

export interface WholeStandingsDeps {
  /** One that nobody in this process saves with: who loads a checkpoint takes it for the newest. */
  checkpoints: Pick<CheckpointStore, 'load'>;
  log: Pick<EventFeed, 'head' | 'read' | 'compare' | 'distance'>;
  projections: readonly Projection[];
  clock: () => number;
}

/** A rebuild elsewhere swaps tables; so soon it is seen here. */
const glanceEveryMs = 1_000;
/** While somebody waits for a position. */
const waitEveryMs = 100;

export interface WholeStandings extends Standings {
  close(): Promise<void>;
}

/** For a process that only reads: how far another one has come that keeps the read models up from the whole log. */
export async function openWholeStandings(deps: WholeStandingsDeps): Promise<WholeStandings> {
  const { checkpoints, log, projections, clock } = deps;
  const stopping = new AbortController();
  let tracked = projections.map((projection) => ({ projection, checkpoint: unbuilt(projection) }));

  async function glance(): Promise<void> {
    const loaded = await Promise.all(projections.map(({ name }) => checkpoints.load(name)));
    tracked = projections.map((projection, i) => ({
      projection,
      checkpoint: loaded[i] ?? unbuilt(projection),
    }));
  }

  async function keepGlancing(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await pause(glanceEveryMs, signal);
      // What was seen last is as good as any guess while the store is away.
      await glance().catch(() => undefined);
    }
  }

  let next: Promise<void> | undefined;

  /** One look for all who wait, however many: each look is a read for every projection. */
  function nextGlance(): Promise<void> {
    next ??= pause(waitEveryMs, stopping.signal)
      .then(glance)
      .finally(() => {
        next = undefined;
      });
    return next;
  }

  // What a new version still has to build would keep every reader waiting until the whole log is read.
  const hasReached = (position: Position): boolean =>
    tracked
      .filter(({ projection, checkpoint }) => checkpoint.active.version === projection.version)
      .every(
        ({ checkpoint: { active } }) => active.done !== undefined && log.compare(active.done, position) >= 0,
      );

  async function reached(position: Position, timeoutMs: number): Promise<boolean> {
    const late = AbortSignal.timeout(timeoutMs);
    while (!hasReached(position)) {
      if (late.aborted || stopping.signal.aborted) return false;
      await unlessAborted(nextGlance(), late);
    }
    return true;
  }

  async function standings(): Promise<Standing[]> {
    await glance();
    const now = clock();
    return await Promise.all(
      tracked.map(async ({ projection, checkpoint: { active } }) => {
        const { version, number: generation, done: position } = active;
        const { lagEvents, lagMs } = await standingAt(log, { position, error: undefined, now });
        return {
          projection: projection.name,
          version,
          generation,
          position,
          lagEvents,
          lagMs,
          error: undefined,
        };
      }),
    );
  }

  await glance();
  const glancing = keepGlancing();
  return {
    get tracked() {
      return tracked;
    },
    standings,
    reached,
    async close() {
      stopping.abort();
      await glancing;
    },
  };
}

/** As it will be once somebody has begun with it. */
const unbuilt = ({ version }: Projection): Checkpoint => ({ active: { version, number: 1 } });

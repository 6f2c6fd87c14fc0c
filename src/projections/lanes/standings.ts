import type { Position } from '../../domain/position.ts';
import { type FollowerStanding, standingAt } from '../follow.ts';
import type { CheckpointStore, EventFeed } from '../ports.ts';
import type { Projection } from '../projection.ts';
import type { Standing, Standings } from '../standings.ts';
import { laneGeneration } from './laneRecord.ts';
import { createProgress, type Progress } from './progress.ts';

type Log = Pick<EventFeed, 'head' | 'read' | 'compare' | 'distance'>;

export interface StandingsDeps {
  log: Log;
  projections: readonly Projection[];
  clock: () => number;
  progress: Progress;
  /** Why a projection does not get on, where this process knows. */
  errorOf: (projection: string) => string | undefined;
}

/** What readers ask, over all lanes, whoever works on them. */
export function laneStandings({ log, projections, clock, progress, errorOf }: StandingsDeps): Standings {
  async function standings(): Promise<Standing[]> {
    const now = clock();
    const least = await progress.least();
    // Most of them stand at the same place, and how old that is has to be read.
    const known = new Map<Position | undefined, Promise<FollowerStanding>>();
    const standing = async (projection: Projection): Promise<Standing> => {
      const position = least.get(projection.name);
      const asked = known.get(position) ?? standingAt(log, { position, error: undefined, now });
      known.set(position, asked);
      const { lagEvents, lagMs } = await asked;
      const { version, number: generation } = laneGeneration(projection);
      const error = errorOf(projection.name);
      return { projection: projection.name, version, generation, position, lagEvents, lagMs, error };
    };
    return await Promise.all(projections.map(standing));
  }

  return {
    tracked: projections.map((projection) => ({
      projection,
      checkpoint: { active: laneGeneration(projection) },
    })),
    standings,
    reached: progress.reached,
  };
}

export interface RemoteStandingsDeps {
  /** One that nobody in this process works on lanes with. */
  checkpoints: Pick<CheckpointStore, 'load'>;
  log: Log;
  projections: readonly Projection[];
  lanes: number;
  clock: () => number;
}

/** For a process that only reads: how far those have come that work on the lanes. */
export function createRemoteStandings({
  checkpoints,
  log,
  projections,
  lanes,
  clock,
}: RemoteStandingsDeps): Standings {
  const progress = createProgress({ checkpoints, compare: log.compare, projections, lanes });
  return laneStandings({ log, projections, clock, progress, errorOf: () => undefined });
}

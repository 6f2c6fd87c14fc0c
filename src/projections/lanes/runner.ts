import type { Position } from '../../domain/position.ts';
import type { CheckpointStore, EventFeed } from '../ports.ts';
import type { Standings } from '../standings.ts';
import { leastOf } from './laneRecord.ts';
import { type LaneObserver, type LaneWork, type LaneWorkDeps, startLaneWork } from './laneWork.ts';
import type { AssignedLane, LaneGroup } from './ports.ts';
import { prepareLanes } from './prepare.ts';
import { createProgress, type LanePlaces } from './progress.ts';
import { laneStandings } from './standings.ts';

export interface LaneRunnerDeps extends Omit<LaneWorkDeps, 'lanes' | 'observer' | 'log' | 'checkpoints'> {
  group: LaneGroup;
  log: Pick<EventFeed, 'read' | 'head' | 'compare' | 'distance' | 'parsePosition'>;
  checkpoints: Pick<CheckpointStore, 'load' | 'save'>;
  observer: LaneRunnerObserver;
}

export interface LaneRunnerObserver extends LaneObserver {
  /** This process has been given a lane, or it was taken away. */
  laneMoved(lane: number, isOurs: boolean): void;
  groupFailed(error: unknown): void;
}

/** Where a lane of this process stands. */
export interface LaneStanding {
  lane: number;
  position: Position | undefined;
  lagEvents: number;
  /** Messages of the topic that have yet to be read. */
  waiting: number;
}

export interface LaneRunner extends Standings {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Of the lanes that this process has. */
  lanes(): Promise<LaneStanding[]>;
}

/** A batch at work is waited for so long before the lane goes to another process, which then repeats it. */
const longestEndMs = 5_000;

/** Prepares the tables and views, then keeps up with the log every projection in every lane that the group gives. */
export async function createLaneRunner(deps: LaneRunnerDeps): Promise<LaneRunner> {
  const { group, log, checkpoints, projections, observer } = deps;
  const { lanes } = group;
  await prepareLanes({ ...deps, lanes });
  const works = new Map<number, LaneWork>();
  /** What the last one of each lane still has under way: the next one begins when it is over. */
  const endings = new Map<number, Promise<void>>();

  let isStopping = false;

  const own = (lane: number): LanePlaces | undefined => {
    const work = works.get(lane);
    return work && new Map(work.workers.map(({ projection, done }) => [projection.name, { done }]));
  };
  const progress = createProgress({ checkpoints, compare: log.compare, projections, lanes, own });

  function assigned(lane: AssignedLane): void {
    if (isStopping) return;
    const before = works.get(lane.lane);
    if (before !== undefined) void letGo(before);
    const former = endings.get(lane.lane) ?? Promise.resolve();
    const work = startLaneWork(lane, { ...deps, lanes, former, onAdvance: progress.wake });
    endings.set(lane.lane, work.ended);
    works.set(lane.lane, work);
    observer.laneMoved(lane.lane, true);
  }

  async function letGo(work: LaneWork): Promise<void> {
    const { lane } = work.assigned;
    await work.stop(longestEndMs);
    if (works.get(lane) !== work) return;
    works.delete(lane);
    observer.laneMoved(lane, false);
  }

  async function revoked(lane: number): Promise<void> {
    const work = works.get(lane);
    if (work !== undefined) await letGo(work);
  }

  const workers = () => [...works.values()].flatMap((work) => work.workers);

  return {
    ...laneStandings({
      ...deps,
      progress,
      errorOf: (name) =>
        workers().find(({ projection, lastError }) => projection.name === name && lastError !== undefined)
          ?.lastError,
    }),
    start: () => group.start({ assigned, revoked, failed: observer.groupFailed }),
    async stop() {
      isStopping = true;
      await Promise.all([...works.values()].map(letGo));
      await group.stop();
    },
    async lanes() {
      const head = await log.head();
      return [...works.values()].map(({ assigned: lane, workers: ofLane }) => {
        const position = leastOf(ofLane, log.compare);
        const lagEvents = head === undefined ? 0 : log.distance(position, head);
        return { lane: lane.lane, position, lagEvents, waiting: lane.waiting() };
      });
    },
  };
}

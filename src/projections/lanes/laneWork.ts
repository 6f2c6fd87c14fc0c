import type { Position } from '../../domain/position.ts';
import { BatchWindow, pause } from '../batchWindow.ts';
import { type CheckpointStore, CheckpointTakenError, type EventFeed, type ReadStore } from '../ports.ts';
import type { Projection } from '../projection.ts';
import { createFeedProjector } from '../projector.ts';
import { type ProjectionObserver, ProjectionWorker } from '../worker.ts';
import { createLaneFeed, type LaneFeed } from './laneFeed.ts';
import { type LaneRecord, takeLane } from './laneRecord.ts';
import type { AssignedLane, DeadLetters } from './ports.ts';
import type { LaneSettings } from './settings.ts';

export interface LaneObserver extends ProjectionObserver {
  /** Another process goes on with a lane that this one took for its own; it may be taken up again. */
  laneTaken(lane: number): void;
  laneFailed(lane: number, error: unknown, retryInMs: number): void;
}

export interface LaneWorkDeps {
  log: Pick<EventFeed, 'read' | 'head' | 'compare' | 'parsePosition'>;
  store: ReadStore;
  checkpoints: Pick<CheckpointStore, 'load' | 'save'>;
  projections: readonly Projection[];
  settings: LaneSettings;
  clock: () => number;
  deadLetters: DeadLetters;
  observer: LaneObserver;
  lanes: number;
}

/** A lane that this process has been given, worked on for as long as it has it. */
export interface LaneWork {
  readonly assigned: AssignedLane;
  /** None until the lane has been taken up for the first time. */
  readonly workers: readonly ProjectionWorker[];
  /** Resolves when everything has come to its end, or after the time given; nothing is saved from then on. */
  stop(withinMs: number): Promise<void>;
  /** When nothing of it is under way any more. */
  readonly ended: Promise<void>;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/**
 * Takes the lane up from its record and keeps every projection up with it. When another process has gone on from there,
 * all of it is let go of, and the lane is taken up afresh if it is still this process's.
 */
export function startLaneWork(
  assigned: AssignedLane,
  deps: LaneWorkDeps & { onAdvance: () => void; former: Promise<void> },
): LaneWork {
  const { lane } = assigned;
  const { projections, settings, observer } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  let feed: LaneFeed | undefined;
  let record: LaneRecord | undefined;
  let workers: readonly ProjectionWorker[] = [];

  async function take(taken: AbortController): Promise<LaneRecord> {
    return await takeLane({
      ...deps,
      lane,
      compare: deps.log.compare,
      idleSaveMs: settings.idleSaveMs,
      onSaved: (least) => assigned.passed(least),
      onTaken: () => taken.abort(),
      onFailed: (error) => observer.laneFailed(lane, error, firstRetryMs),
      signal,
    });
  }

  /** The topic is read once, from where it was first taken up; everything before that is in the log. */
  function feedFrom(after: Position | undefined): LaneFeed {
    const { log, deadLetters, lanes } = deps;
    const onError = (error: unknown) => observer.laneFailed(lane, error, 0);
    return createLaneFeed({ assigned, lanes, log, after, deadLetters, onError });
  }

  function workersOf(own: LaneRecord, from: LaneFeed): ProjectionWorker[] {
    const projector = createFeedProjector(from, projections);
    const onUnprojectable = observer.unprojectable;
    const window = new BatchWindow(projections, {
      feed: from.gathering,
      projector,
      settings,
      onUnprojectable,
    });
    const number = { number: lane, of: deps.lanes };
    const workerDeps = { ...deps, window, projector, lane: number, idleSaveMs: Number.POSITIVE_INFINITY };
    return projections.map((projection) => {
      const worker: ProjectionWorker = new ProjectionWorker(
        projection,
        own.generationOf(projection),
        workerDeps,
        (generation) => own.save(projection.name, generation),
        () => {
          own.note(projection.name, worker.generation);
          deps.onAdvance();
        },
      );
      return worker;
    });
  }

  /** Ends when the lane is another process's, or when this one is to stop. */
  async function workOn(onProgress: () => void): Promise<void> {
    const taken = new AbortController();
    record = await take(taken);
    onProgress();
    feed ??= feedFrom(record.least);
    workers = workersOf(record, feed);
    try {
      if (!signal.aborted) for (const worker of workers) worker.start();
      await aborted(AbortSignal.any([signal, taken.signal]));
      await Promise.all(workers.map((worker) => worker.stop()));
    } finally {
      record.close();
    }
    if (taken.signal.aborted) observer.laneTaken(lane);
  }

  async function run(): Promise<void> {
    await deps.former;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      try {
        await workOn(() => {
          retryMs = firstRetryMs;
        });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof CheckpointTakenError) observer.laneTaken(lane);
        else observer.laneFailed(lane, error, retryMs);
      }
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }

  const ended = run();
  return {
    assigned,
    get workers() {
      return workers;
    },
    ended,
    async stop(withinMs) {
      stopping.abort();
      const waited = new AbortController();
      await Promise.race([ended, pause(withinMs, waited.signal)]);
      waited.abort();
      record?.close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import type { Position } from '../../domain/position.ts';
import { pause, unlessAborted } from '../batchWindow.ts';
import type { CheckpointStore, EventFeed } from '../ports.ts';
import type { Projection } from '../projection.ts';
import { laneRecordOf, leastOf, placesIn } from './laneRecord.ts';

/** Where the projections stand in one lane, by their names. */
export type LanePlaces = ReadonlyMap<string, { done?: Position | undefined }>;

export interface ProgressDeps {
  checkpoints: Pick<CheckpointStore, 'load'>;
  compare: EventFeed['compare'];
  projections: readonly Projection[];
  lanes: number;
  /** What this process works on itself: undefined for a lane that it has nothing to do with. */
  own?: (lane: number) => LanePlaces | undefined;
}

const pollMs = 100;

/**
 * How far the lanes have come, in this process and in the others. The record of a lane that is worked on here is never
 * loaded: that would say that this process goes on from what it has seen.
 */
export function createProgress({ checkpoints, compare, projections, lanes, own }: ProgressDeps) {
  const all = Array.from({ length: lanes }, (_, lane) => lane);
  const saved = new Map<number, LanePlaces>();
  const waiters = new Set<() => void>();
  let looking: Promise<void> | undefined;

  const placesOf = (lane: number): LanePlaces => {
    const ours = own?.(lane);
    return ours !== undefined && ours.size > 0 ? ours : (saved.get(lane) ?? new Map());
  };

  async function look(): Promise<void> {
    const others = all.filter((lane) => own?.(lane) === undefined);
    await Promise.all(
      others.map(async (lane) => {
        saved.set(lane, placesIn(await checkpoints.load(laneRecordOf(lane)), projections).ours);
      }),
    );
  }

  /** For all that ask at the same time. */
  function refresh(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  const hasReached = (position: Position): boolean =>
    all.every((lane) => {
      const least = leastOf([...placesOf(lane).values()], compare);
      return least !== undefined && compare(least, position) >= 0;
    });

  return {
    /** Something has moved in this process. */
    wake(): void {
      for (const waiter of waiters) waiter();
    },
    async reached(position: Position, timeoutMs: number): Promise<boolean> {
      const over = new AbortController();
      const timer = setTimeout(() => over.abort(), timeoutMs);
      const check = () => {
        if (hasReached(position)) over.abort();
      };
      waiters.add(check);
      try {
        check();
        while (!over.signal.aborted) {
          // A store that does not answer is asked again, for as long as there is time.
          await unlessAborted(refresh(), over.signal).catch(() => undefined);
          check();
          await pause(pollMs, over.signal);
        }
        return hasReached(position);
      } finally {
        clearTimeout(timer);
        waiters.delete(check);
      }
    },
    /** Where each projection stands in the lane in which it is furthest behind, as of now. */
    async least(): Promise<ReadonlyMap<string, Position | undefined>> {
      await refresh();
      return new Map(
        projections.map(({ name }) => [
          name,
          leastOf(
            all.map((lane) => placesOf(lane).get(name) ?? {}),
            compare,
          ),
        ]),
      );
    },
  };
}

export type Progress = ReturnType<typeof createProgress>;

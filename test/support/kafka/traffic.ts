import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { laneOf } from '../../../src/domain/lanes.ts';
import type {
  AssignedLane,
  LaneGroup,
  LaneMessage,
  LaneWriter,
} from '../../../src/projections/lanes/ports.ts';
import { at } from '../../contracts/laneTopic.ts';
import { logEvent } from '../../contracts/logEvents.ts';

/** A log in memory whose events are of many services, so that every lane has some. */
export function makeLog(count: number, lanes: number) {
  const events = Array.from({ length: count }, (_, index) => {
    const position = index + 1;
    return {
      ...logEvent(position, { service: `bot ${(position * 7919) % 23}` }),
      ...{ recordedAt: 1_760_000_000_000 + position, position: at(position), stream: `bot-${position % 50}` },
    } as RecordedEvent;
  });
  const positionsIn = (lane: number): number[] =>
    events.filter((event) => laneOf(event, lanes) === lane).map(({ position }) => Number(position));
  return {
    lanes,
    count,
    positionsIn,
    /** What a relay writes for the events behind `from` up to `to`: each lane's, and a mark for those that end earlier. */
    messages(from: number, to: number): Map<number, LaneMessage[]> {
      const found = new Map(Array.from({ length: lanes }, (_, lane) => [lane, [] as LaneMessage[]]));
      const add = (lane: number, position: number, event?: RecordedEvent): void => {
        const messages = found.get(lane) ?? [];
        const before = messages.at(-1)?.position ?? (from === 0 ? undefined : at(from));
        messages.push({ previous: before, position: at(position), ...(event !== undefined && { event }) });
      };
      for (const event of events.slice(from, to)) add(laneOf(event, lanes), Number(event.position), event);
      for (const [lane, messages] of found) if (messages.at(-1)?.position !== at(to)) add(lane, to);
      return found;
    },
  };
}

export type TestLog = ReturnType<typeof makeLog>;

/** Writes a stretch in flushes of the sizes given in turn, each tried until it is kept; `ready` is awaited before each. */
export async function relay(
  writer: LaneWriter,
  log: TestLog,
  { from = 0, to = log.count, sizes = [97, 1, 400, 23], ready = async (_: number): Promise<void> => {} } = {},
): Promise<void> {
  let turn = 0;
  for (let next = from; next < to; ) {
    const until = Math.min(to, next + (sizes[turn++ % sizes.length] ?? 1));
    for (let isKept = false; !isKept; ) {
      await ready(next);
      isKept = await writer.write(log.messages(next, until)).then(
        () => true,
        () => false,
      );
    }
    next = until;
  }
}

/**
 * What a read model and its checkpoints are together: takes a stretch of a lane only where the last one ended, so that
 * of two who count the same one is refused.
 */
export function makeCounts(log: TestLog) {
  const ends = new Map<number, number>();
  const counted = new Map<number, number[]>();
  let [gaps, refusals] = [0, 0];
  const endOf = (lane: number): number => ends.get(lane) ?? 0;
  return {
    endOf,
    counted: (lane: number): readonly number[] => counted.get(lane) ?? [],
    gaps: () => gaps,
    refusals: () => refusals,
    isWhole: (): boolean =>
      Array.from({ length: log.lanes }, (_, lane) => endOf(lane)).every((end) => end >= log.count),
    /** The smallest reader that does as the port says: repetitions are dropped, what is missing is in the log. */
    apply(lane: number, from: number, part: readonly LaneMessage[]): number {
      let end = from;
      const found: number[] = [];
      for (const { previous, position, event } of part) {
        const [before, here] = [Number(previous ?? 0), Number(position)];
        if (here <= end) continue;
        if (before > end) {
          gaps++;
          found.push(...log.positionsIn(lane).filter((one) => one > end && one <= before));
        }
        if (event !== undefined) found.push(here);
        end = here;
      }
      if (end === from) return end;
      if (endOf(lane) !== from) {
        refusals++;
        return endOf(lane);
      }
      ends.set(lane, end);
      counted.set(lane, [...(counted.get(lane) ?? []), ...found]);
      return end;
    },
  };
}

export type Counts = ReturnType<typeof makeCounts>;

interface CountingOptions {
  /** Awaited before each part is counted. */
  before?: (lane: number) => Promise<void>;
  failed?: (error: unknown) => void;
}

/** Reads as one of a group, and counts. */
export async function countWith(
  group: LaneGroup,
  counts: Counts,
  { before = async () => {}, failed = () => {} }: CountingOptions = {},
): Promise<void> {
  const under = new Map<number, Promise<void>>();
  const count = async (lane: AssignedLane): Promise<void> => {
    let end = counts.endOf(lane.lane);
    for await (const part of lane.messages()) {
      await before(lane.lane);
      end = counts.apply(lane.lane, end, part);
      lane.passed(at(end));
    }
  };
  await group.start({
    assigned: (lane) => under.set(lane.lane, count(lane)),
    revoked: async (lane) => await under.get(lane),
    failed,
  });
}

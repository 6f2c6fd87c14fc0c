import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryLog } from '../../../src/adapters/memory/eventLog.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { laneOf } from '../../../src/domain/lanes.ts';
import { asPosition, type Position } from '../../../src/domain/position.ts';
import { createLaneFeed, type LaneFeed } from '../../../src/projections/lanes/laneFeed.ts';
import type { DeadLetter, LaneMessage } from '../../../src/projections/lanes/ports.ts';
import type { EventBatch, EventLog } from '../../../src/projections/ports.ts';
import { event } from '../../support/events.ts';

const lanes = 2;
const lane = 1;
const at = (position: number): Position => asPosition(String(position));

let log: EventLog;
/** Everything in the log, by position; every third event is of the lane. */
let events: RecordedEvent[];
let parts: LaneMessage[][];
let asked: number;
let wake: () => void;
let letters: DeadLetter[];
/** How many wait, as the topic says, without being there. */
let said: number;
let taken: AbortController;

const ofLane = (wanted: number): string => {
  let number = 0;
  while (laneOf({ project: 'default', service: `s${number}` }, lanes) !== wanted) number++;
  return `s${number}`;
};

beforeEach(async () => {
  log = createMemoryLog({ clock: () => 1_790_000_000_000 });
  const appended = Array.from({ length: 30 }, (_, index) =>
    event('LogWritten', { service: ofLane(index % 3 === 0 ? lane : 0) }),
  );
  await log.append([{ stream: 's', events: appended, expected: 'any' }]);
  events = [];
  for await (const batch of log.read()) events.push(...batch.events);
  [parts, asked, letters, wake] = [[], 0, [], () => undefined];
  taken = new AbortController();
  said = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await log.close();
});

async function* messages(): AsyncGenerator<readonly LaneMessage[]> {
  while (!taken.signal.aborted) {
    asked++;
    const part = parts.shift();
    if (part !== undefined) yield part;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
        taken.signal.addEventListener('abort', () => resolve());
      });
  }
}

const feedFrom = (after: Position | undefined): LaneFeed =>
  createLaneFeed({
    assigned: { lane, messages, passed: () => undefined, waiting: () => parts.flat().length + said },
    lanes,
    log,
    after,
    deadLetters: { put: async (letter) => void letters.push(letter) },
    onError: () => undefined,
  });

/** What the topic says of positions that are the lane's, or of none for a mark. */
const message = (previous: number | undefined, position: number): LaneMessage => {
  const one = events[position - 1];
  const isOurs = one !== undefined && laneOf(one, lanes) === lane;
  return {
    previous: previous === undefined ? undefined : at(previous),
    position: at(position),
    ...(isOurs && { event: one }),
  };
};

const come = (...part: LaneMessage[]): void => {
  parts.push(part);
  wake();
};

const shown = ({ events: all, from, to }: EventBatch) => ({
  at: all.map(({ position }) => Number(position)),
  from: from === undefined ? undefined : Number(from),
  to: Number(to),
});

const first = async (feed: LaneFeed, after?: Position, maxEvents = 1_000, signal?: AbortSignal) => {
  for await (const batch of feed.subscribe({ after, maxEvents, ...(signal && { signal }) }))
    return shown(batch);
  return undefined;
};

describe('the feed of a lane', () => {
  it('gives what the topic brings, in positions of the log', async () => {
    const feed = feedFrom(undefined);
    come(message(undefined, 1), message(1, 4), message(4, 6));
    expect(await first(feed)).toEqual({ at: [1, 4], from: undefined, to: 6 });
    come(message(6, 7));
    expect(await first(feed, at(6))).toEqual({ at: [7], from: 6, to: 7 });
  });

  it('drops what the topic repeats', async () => {
    const feed = feedFrom(undefined);
    come(message(undefined, 1), message(1, 4), message(undefined, 1), message(1, 4), message(4, 7));
    expect(await first(feed)).toEqual({ at: [1, 4, 7], from: undefined, to: 7 });
  });

  it('reads from the log what is missing, and goes on with the topic from there', async () => {
    const feed = feedFrom(undefined);
    come(message(undefined, 1), message(10, 13));
    expect(await first(feed)).toEqual({ at: [1, 4, 7, 10], from: undefined, to: 10 });
    expect(await first(feed, at(10))).toEqual({ at: [13], from: 10, to: 13 });
  });

  it('fills what the topic has long forgotten when the lane is taken up far behind', async () => {
    const feed = feedFrom(at(4));
    come(message(25, 28));
    expect(await first(feed, at(4), 3)).toEqual({ at: [7, 10, 13], from: 4, to: 13 });
    expect(await first(feed, at(13))).toEqual({ at: [16, 19, 22, 25], from: 13, to: 25 });
    expect(await first(feed, at(25))).toEqual({ at: [28], from: 25, to: 28 });
  });

  it('a mark moves the lane on without an event', async () => {
    const feed = feedFrom(at(1));
    come(message(1, 3));
    expect(await first(feed, at(1))).toEqual({ at: [], from: 1, to: 3 });
  });

  it('gives the same batch again by its bounds, from the log', async () => {
    const feed = feedFrom(undefined);
    const batches = [];
    for await (const batch of feed.read({ after: at(4), until: at(16), maxEvents: 1_000 }))
      batches.push(shown(batch));
    expect(batches).toEqual([{ at: [7, 10, 13, 16], from: 4, to: 16 }]);
    const beyond = [];
    for await (const batch of feed.read({ after: at(4), until: at(15), maxEvents: 2 }))
      beyond.push(shown(batch));
    expect(beyond).toEqual([
      { at: [7, 10], from: 4, to: 10 },
      { at: [13], from: 10, to: 15 },
    ]);
  });

  it('pulls once for all that wait at its end', async () => {
    const feed = feedFrom(undefined);
    const waiting = [first(feed), first(feed), first(feed)];
    come(message(undefined, 1));
    expect(await Promise.all(waiting)).toEqual(Array(3).fill({ at: [1], from: undefined, to: 1 }));
    expect(asked).toBeLessThanOrEqual(2);
  });

  it('gathers what is known to wait, and does not wait for it without end', async () => {
    const feed = feedFrom(undefined);
    come(message(undefined, 1));
    come(message(1, 4));
    expect(await first(feed)).toEqual({ at: [1, 4], from: undefined, to: 4 });
    parts.length = 0;
    [said, asked] = [7, 0];
    come(message(4, 7));
    vi.useFakeTimers();
    const waiting = first(feed, at(4));
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    expect(await waiting).toEqual({ at: [7], from: 4, to: 7 });
    expect(asked).toBe(2);
  });

  it('asks the topic for nothing while nobody asks it', async () => {
    const feed = feedFrom(undefined);
    come(message(undefined, 1));
    come(message(1, 4));
    expect(asked).toBe(0);
    expect(await first(feed, undefined, 1)).toEqual({ at: [1], from: undefined, to: 1 });
    expect(parts).toHaveLength(1);
  });

  it('one who is behind reads for itself, without the topic', async () => {
    const feed = feedFrom(at(10));
    expect(await first(feed, at(3))).toEqual({ at: [4, 7, 10], from: 3, to: 10 });
    expect(asked).toBe(0);
  });

  it('one who is ahead waits until the topic has come so far', async () => {
    const feed = feedFrom(undefined);
    const ahead = first(feed, at(7));
    come(message(undefined, 1), message(1, 4), message(4, 7), message(7, 10));
    expect(await ahead).toEqual({ at: [10], from: 7, to: 10 });
  });

  it('what no one can make sense of is set aside with its reason, and read from the log', async () => {
    const feed = feedFrom(undefined);
    const other = events[1];
    come(
      message(undefined, 1),
      { previous: at(1), position: asPosition('x') },
      { ...message(1, 4), position: at(5) },
      { previous: at(1), position: at(2), ...(other && { event: other }) },
      { previous: at(9), position: at(7) },
      message(4, 7),
    );
    expect(await first(feed)).toEqual({ at: [1, 4], from: undefined, to: 4 });
    expect(await first(feed, at(4))).toEqual({ at: [7], from: 4, to: 7 });
    expect(letters.map(({ reason }) => reason)).toEqual([
      '"x" is no position of the log',
      'its event is the one at 4',
      'its event belongs to lane 0',
      'it says that it follows what is behind it',
    ]);
  });

  it('does not believe what speaks of more than the log holds, and passes nothing over for it', async () => {
    const feed = feedFrom(undefined);
    come({ previous: undefined, position: at(5_000) }, message(undefined, 1), message(1, 4));
    expect(await first(feed)).toMatchObject({ at: [1, 4], to: 4 });
    expect(letters.map(({ reason }) => reason)).toEqual(['the log has not come to 5000 yet']);
  });

  it('waits for its reader to stop when the lane has been taken away', async () => {
    const feed = feedFrom(undefined);
    const stop = new AbortController();
    const waiting = first(feed, undefined, 10, stop.signal);
    taken.abort();
    stop.abort();
    expect(await waiting).toBeUndefined();
  });

  it('sets everything aside when the topic is of another log', async () => {
    const feed = feedFrom(undefined);
    come(message(500, 503), message(503, 506));
    come(message(undefined, 1));
    expect(await first(feed)).toMatchObject({ at: [1] });
    expect(letters.map(({ position }) => position)).toEqual(['503', '506']);
  });

  it('waits where it is while the log is away, and loses nothing by it', async () => {
    const read = vi.spyOn(log, 'read').mockImplementationOnce(() => {
      throw new Error('the log is away');
    });
    const feed = feedFrom(undefined);
    come(message(4, 7));
    await expect(first(feed)).rejects.toThrow('the log is away');
    expect(await first(feed)).toEqual({ at: [1, 4], from: undefined, to: 4 });
    expect(await first(feed, at(4))).toEqual({ at: [7], from: 4, to: 7 });
    read.mockRestore();
  });

  it('what came while the log was away is gone through when it is back, though nothing more comes', async () => {
    const feed = feedFrom(undefined);
    vi.spyOn(log, 'head').mockRejectedValueOnce(new Error('the log is away'));
    come(message(undefined, 1));
    await expect(first(feed)).rejects.toThrow('the log is away');
    expect(await first(feed)).toEqual({ at: [1], from: undefined, to: 1 });
    vi.restoreAllMocks();
  });
});

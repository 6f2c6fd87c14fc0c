import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import type { Position } from '../../src/domain/position.ts';
import type { EventBatch, EventLog } from '../../src/projections/ports.ts';
import { shareFeed } from '../../src/projections/sharedFeed.ts';
import { event } from '../support/events.ts';

let log: EventLog;
/** Where each reading of the log underneath began. */
let begun: (string | undefined)[];
let shared: ReturnType<typeof shareFeed>;
let failures: number;

beforeEach(() => {
  log = createMemoryLog({ clock: () => 1_790_000_000_000 });
  [begun, failures] = [[], 0];
  shared = shareFeed({
    ...log,
    subscribe(options) {
      if (failures-- > 0) throw new Error('the log is away');
      begun.push(options?.after);
      return log.subscribe(options);
    },
  });
});
afterEach(() => log.close());

const append = async (count: number): Promise<void> => {
  const events = Array.from({ length: count }, () => event('LogWritten'));
  await log.append([{ stream: 's', events, expected: 'any' }]);
};

/** Takes batches until `count` events have come, and says whether they came in order and once. */
async function take(feed: AsyncIterator<EventBatch>, count: number, after = 0): Promise<number> {
  let last = after;
  while (last < after + count) {
    const { value, done } = await feed.next();
    if (done) throw new Error('it ended early');
    for (const { position } of value.events) {
      expect(Number(position)).toBe(last + 1);
      last++;
    }
  }
  return last;
}

const follower = (after?: Position, signal?: AbortSignal) =>
  shared.subscribe({ after, ...(signal && { signal }) })[Symbol.asyncIterator]();

describe('a shared feed', () => {
  it('reads the log once for all that follow it, live as well', async () => {
    const all = [follower(), follower(), follower()];
    await append(5_000);
    await Promise.all(all.map((one) => take(one, 5_000)));
    const reads = begun.length;
    const live = Promise.all(all.map((one) => take(one, 100, 5_000)));
    await append(100);
    await live;
    expect(reads).toBeLessThanOrEqual(3);
    expect(begun.length).toBeLessThanOrEqual(reads + 1);
  });

  it('lets who falls behind catch up, and holds up nobody', async () => {
    const [fast, slow] = [follower(), follower()];
    await append(20_000);
    await take(slow, 2_000);
    await take(fast, 20_000);
    await take(slow, 18_000, 2_000);
    const both = Promise.all([take(fast, 1, 20_000), take(slow, 1, 20_000)]);
    await append(1);
    await both;
  });

  it('begins wherever each of them stands', async () => {
    await append(3_000);
    const [late, early] = [follower('2500' as Position), follower()];
    await take(late, 500, 2_500);
    await take(early, 3_000);
    const both = Promise.all([take(late, 1, 3_000), take(early, 1, 3_000)]);
    await append(1);
    await both;
  });

  it('passes a fault of the log on, and goes on after it', async () => {
    failures = 1;
    await append(10);
    await expect(take(follower(), 10)).rejects.toThrow('the log is away');
    await take(follower(), 10);
  });

  it('ends with its signal, or with the log', async () => {
    const stop = new AbortController();
    const [stopped, closed] = [follower(undefined, stop.signal), follower()];
    const ends = [stopped.next(), closed.next()];
    stop.abort();
    expect(await ends[0]).toMatchObject({ done: true });
    await log.close();
    expect(await ends[1]).toMatchObject({ done: true });
  });
});

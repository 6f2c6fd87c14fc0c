import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryLog } from '../../../src/adapters/memory/eventLog.ts';
import type { Position } from '../../../src/domain/position.ts';
import { type FollowDeps, follow, standingAt } from '../../../src/projections/follow.ts';
import { event } from '../../support/events.ts';

let now = 1_000;
let log: ReturnType<typeof createMemoryLog>;
let stopping: AbortController;
let running: Promise<void>;
let shown: string[];
let settled: Position[];
let faults: unknown[];

beforeEach(() => {
  now = 1_000;
  log = createMemoryLog({ clock: () => now });
  stopping = new AbortController();
  [shown, settled, faults] = [[], [], []];
});
afterEach(async () => {
  stopping.abort();
  await running;
});

async function append(count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => event('DeployRecorded'));
  await log.append([{ stream: 'a', events, expected: 'any' }]);
  return events.map(({ id }) => id);
}

function begin(over: Partial<FollowDeps> = {}): void {
  running = follow({
    feed: log,
    after: undefined,
    observe: ({ id }) => void shown.push(id),
    settle: async (to) => void settled.push(to),
    onError: (error) => void faults.push(error),
    signal: stopping.signal,
    ...over,
  });
}

const settledAtHead = () => vi.waitFor(async () => expect(settled.at(-1)).toBe(await log.head()));

describe('a follower of the log', () => {
  it('is shown every event once and in order, those that were there and those that come', async () => {
    const ids = await append(3);
    begin();
    await settledAtHead();
    ids.push(...(await append(2)), ...(await append(600)));
    await settledAtHead();
    expect(shown).toEqual(ids);
  });

  it('goes on behind where it was', async () => {
    await append(2);
    const after = await log.head();
    const ids = await append(2);
    begin({ after });
    await settledAtHead();
    expect(shown).toEqual(ids);
  });

  it('tries again what could not be settled, without being shown anything twice', async () => {
    const ids = await append(3);
    let refusals = 2;
    begin({
      settle: async (to) => {
        if (refusals-- > 0) throw new Error('no room');
        settled.push(to);
      },
    });
    await settledAtHead();
    ids.push(...(await append(1)));
    await settledAtHead();
    expect(shown).toEqual(ids);
    expect(faults).toHaveLength(2);
  });

  it('comes back to a log that was away', async () => {
    const ids = await append(3);
    const { subscribe } = log;
    let away = 1;
    const feed: FollowDeps['feed'] = {
      subscribe(options) {
        if (away-- > 0) throw new Error('away');
        return subscribe(options);
      },
    };
    begin({ feed });
    await settledAtHead();
    expect([shown, faults.length]).toEqual([ids, 1]);
  });

  it('that is stopped in the middle of an event settles nothing, for it may have been taken by halves', async () => {
    await append(3);
    let goOn = (): void => undefined;
    begin({
      observe: ({ id }) => {
        shown.push(id);
        return new Promise((resolve) => {
          goOn = resolve;
        });
      },
    });
    await vi.waitFor(() => expect(shown).toHaveLength(1));
    stopping.abort();
    goOn();
    await running;
    await nextTurn();
    expect([shown.length, settled, faults]).toEqual([1, [], []]);
  });
});

describe('where a follower stands', () => {
  const at = (position: Position | undefined) => standingAt(log, { position, error: undefined, now });

  it('is told by how many events are left, and by how long the oldest of them has waited', async () => {
    expect(await at(undefined)).toEqual({ position: undefined, lagEvents: 0, lagMs: 0, error: undefined });
    await append(1);
    const first = await log.head();
    now += 3_600_000;
    expect(await at(first)).toMatchObject({ lagEvents: 0, lagMs: 0 });
    expect(await at(undefined)).toMatchObject({ lagEvents: 1, lagMs: 3_600_000 });
    await append(1);
    now += 5;
    await append(4);
    expect(await at(first)).toMatchObject({ position: first, lagEvents: 5, lagMs: 5 });
    expect(await at(await log.head())).toMatchObject({ lagEvents: 0, lagMs: 0 });
  });

  it('names no time where what is left has been forgotten', async () => {
    await append(1);
    const first = await log.head();
    await append(1);
    now += 1_000;
    await log.expire({ before: now, keep: () => false });
    expect(await at(first)).toMatchObject({ lagMs: 0 });
  });
});

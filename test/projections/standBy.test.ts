import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Leases } from '../../src/projections/ports.ts';
import { type StandBy, standBy } from '../../src/projections/standBy.ts';

/** One lease among all; who has it keeps it for as long as the clock allows. */
function sharedLeases() {
  let holder: string | undefined;
  let until = 0;
  const broken = new Set<string>();
  const of = (name: string): Leases => ({
    async hold(_work, forMs) {
      if (broken.has(name)) throw new Error('the log is away');
      if (holder !== undefined && holder !== name && until > Date.now()) return false;
      holder = name;
      until = Date.now() + forMs;
      return true;
    },
    async release() {
      if (broken.has(name)) throw new Error('the log is away');
      if (holder === name) holder = undefined;
    },
  });
  return { of, broken };
}

describe('work that one process does at a time', () => {
  let leases: ReturnType<typeof sharedLeases>;
  let told: string[];
  let failing: Set<string>;
  let slow: Set<string>;
  let overtaken: Map<string, () => void>;
  let all: StandBy[];

  beforeEach(() => {
    vi.useFakeTimers();
    leases = sharedLeases();
    told = [];
    failing = new Set();
    slow = new Set();
    overtaken = new Map();
    all = [];
  });
  afterEach(async () => {
    leases.broken.clear();
    await Promise.all(all.map((one) => one.stop()));
    vi.useRealTimers();
  });

  const process = (name: string): StandBy => {
    const one = standBy({
      leases: leases.of(name),
      name: 'alert',
      stopwatch: () => Date.now(),
      observer: {
        turned: (_work, leads) => told.push(`${name} ${leads ? 'takes it up' : 'lets go'}`),
        failed: (_work, error) => told.push(`${name}: ${(error as Error).message}`),
      },
      begin: async (signal, isOvertaken) => {
        if (failing.has(name)) throw new Error('it cannot begin');
        overtaken.set(name, isOvertaken);
        while (slow.has(name) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 100));
        if (signal.aborted) throw new Error('it was given up');
        return { stop: async () => void told.push(`${name} has stopped`) };
      },
    });
    all.push(one);
    return one;
  };
  const leading = () => all.map((one) => one.leads());

  it('is done by the first, at once, and by the second when the first stops', async () => {
    const [a, b] = [process('a'), process('b')];
    await a.start();
    await b.start();
    expect(leading()).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(leading()).toEqual([true, false]);
    await a.stop();
    await vi.advanceTimersByTimeAsync(2_100);
    expect(leading()).toEqual([false, true]);
    expect(told).toEqual(['a takes it up', 'a lets go', 'a has stopped', 'b takes it up']);
  });

  it('passes to the second when the first can no longer say that it is there, and the first has stopped by then', async () => {
    const [a, b] = [process('a'), process('b')];
    await a.start();
    await b.start();
    leases.broken.add('a');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(leading()).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(leading()).toEqual([false, true]);
    expect(told).toContain('a has stopped');
    leases.broken.delete('a');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(leading()).toEqual([false, true]);
  });

  it('that cannot begin is told, tried again, and left to others meanwhile', async () => {
    const [a, b] = [process('a'), process('b')];
    failing.add('a');
    await expect(a.start()).rejects.toThrow('it cannot begin');
    await b.start();
    expect(leading()).toEqual([false, true]);
    failing.delete('a');
    await b.stop();
    await vi.advanceTimersByTimeAsync(2_100);
    expect(leading()).toEqual([true, false]);
  });

  it('stays with the first that begins with it, however long that takes', async () => {
    const [a, b] = [process('a'), process('b')];
    slow.add('a').add('b');
    const starting = a.start();
    await vi.advanceTimersByTimeAsync(100);
    await b.start();
    await vi.advanceTimersByTimeAsync(600_000);
    slow.clear();
    await vi.advanceTimersByTimeAsync(1_000);
    await starting;
    expect(leading()).toEqual([true, false]);
    expect(told).toEqual(['a takes it up']);
  });

  it('is given up in the middle of its beginning by one that can no longer say that it is there', async () => {
    const [a, b] = [process('a'), process('b')];
    slow.add('a');
    const starting = a.start().catch((error: Error) => error.message);
    leases.broken.add('a');
    await vi.advanceTimersByTimeAsync(21_000);
    expect(await starting).toBe('it was given up');
    await b.start();
    expect(leading()).toEqual([false, true]);
    leases.broken.delete('a');
  });

  it('is begun anew by its holder when another one has gone on with it meanwhile', async () => {
    const a = process('a');
    await a.start();
    overtaken.get('a')?.();
    await vi.advanceTimersByTimeAsync(5_100);
    expect(told).toEqual(['a takes it up', 'a lets go', 'a has stopped', 'a takes it up']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(4);
  });

  it('says while it cannot be taken up, and no longer than that', async () => {
    const a = process('a');
    await expect(a.check()).rejects.toThrow('not been taken up');
    failing.add('a');
    await expect(a.start()).rejects.toThrow('it cannot begin');
    await expect(a.check()).rejects.toThrow('it cannot begin');
    failing.delete('a');
    await vi.advanceTimersByTimeAsync(2_100);
    await expect(a.check()).resolves.toBeUndefined();
  });

  it('does not begin any more once it is told to stop', async () => {
    const [a, b] = [process('a'), process('b')];
    await a.start();
    await b.start();
    await b.stop();
    await a.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(leading()).toEqual([false, false]);
  });
});

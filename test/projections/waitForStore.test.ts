import { describe, expect, it } from 'vitest';
import { waitForStore } from '../../src/projections/waitForStore.ts';

const awayFor = (tries: number) => {
  let asked = 0;
  return {
    ping: () => (++asked > tries ? Promise.resolve() : Promise.reject(new Error(`refused ${asked}`))),
  };
};

describe('a store that is away at the start', () => {
  it('is waited for, with what it said and pauses that grow to a bound', async () => {
    const waits: [string, number][] = [];
    const reached = await waitForStore(awayFor(7), {
      signal: new AbortController().signal,
      onWaiting: (error, ms) => waits.push([String(error), ms]),
      pause: () => Promise.resolve(),
    });
    expect(reached).toBe(true);
    expect(waits.map(([, ms]) => ms)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(waits[0]?.[0]).toBe('Error: refused 1');
  });

  it('is not waited for when it is there', async () => {
    const deps = { signal: new AbortController().signal, onWaiting: () => expect.unreachable() };
    expect(await waitForStore(awayFor(0), deps)).toBe(true);
  });

  it('is given up at once when the process stops, in a pause or in the middle of asking', async () => {
    const stopping = new AbortController();
    const paused = waitForStore(awayFor(1_000), {
      signal: stopping.signal,
      onWaiting: () => stopping.abort(),
    });
    expect(await paused).toBe(false);
    const later = new AbortController();
    const asking = waitForStore(
      { ping: () => new Promise<never>(() => undefined) },
      { signal: later.signal, onWaiting: () => undefined },
    );
    later.abort();
    expect(await asking).toBe(false);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { play } from './play.ts';

// What the program takes from here must go by the simulated time too.
vi.mock('node:timers/promises', () => {
  const later = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  return { setImmediate: () => later(0), setTimeout: later };
});

/** `SIMULATION_SEED=17` plays that one alone and shows it, `SIMULATION_SEEDS=5000` as many, with both from there on. */
const only = process.env.SIMULATION_SEED;
const first = Number(only ?? 1);
const count = Number(process.env.SIMULATION_SEEDS ?? (only === undefined ? 150 : 1));
const perTest = 50;

describe('many processes over one log', () => {
  const groups = Array.from({ length: Math.ceil(count / perTest) }, (_, group) => first + group * perTest);
  it.each(groups)(
    'lose nothing, count nothing twice and decide as one would: from seed %i',
    {
      timeout: 300_000,
    },
    async (from) => {
      const until = Math.min(from + perTest, first + count);
      for (let seed = from; seed < until; seed++) {
        const { faults, trace } = await play(seed);
        if (count === 1) console.info(trace.join('\n'));
        expect(faults, `SIMULATION_SEED=${seed} npx vitest run test/simulation`).toEqual([]);
      }
    },
  );

  it('the same seed tells the same story, to the last byte', async () => {
    for (const seed of [3, 25]) {
      const [once, again] = [await play(seed), await play(seed)];
      expect(again.trace.join('\n')).toBe(once.trace.join('\n'));
      expect(once.trace.length).toBeGreaterThan(100);
    }
  });

  it('in most stories alerts are decided', async () => {
    let decided = 0;
    for (let seed = 1; seed <= 10; seed++) decided += (await play(seed)).alerts > 0 ? 1 : 0;
    expect(decided).toBeGreaterThan(5);
  });
});

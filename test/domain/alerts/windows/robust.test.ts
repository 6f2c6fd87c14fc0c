import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviation, median, robustScore } from '../../../../src/domain/alerts/windows/robust.ts';

describe('robust statistics', () => {
  it.each([
    { values: [], middle: undefined, spread: undefined },
    { values: [3], middle: 3, spread: 0 },
    { values: [4, 1], middle: 2.5, spread: 1.5 * 1.4826 },
    { values: [1, 1, 2, 2, 4, 6, 9], middle: 2, spread: 1 * 1.4826 },
    { values: [10, 10, 10, 1_000_000], middle: 10, spread: 0 },
  ])('of $values: median $middle, deviation $spread', ({ values, middle, spread }) => {
    expect(median(values)).toBe(middle);
    expect(deviation(values)).toBe(spread);
  });

  it.each([
    { value: 5, history: [], floor: 1, score: undefined },
    { value: 12, history: [10, 10, 10], floor: 1, score: 2 },
    { value: 12, history: [10, 10, 10], floor: 0, score: undefined },
    { value: 2 - 3 * 1.4826, history: [1, 1, 2, 2, 4, 6, 9], floor: 0, score: -3 },
    { value: 12, history: [1, 1, 2, 2, 4, 6, 9], floor: 5, score: 2 },
  ])(
    '$value after $history, at least $floor, is $score deviations away',
    ({ value, history, floor, score }) => {
      if (score === undefined) expect(robustScore(value, history, floor)).toBeUndefined();
      else expect(robustScore(value, history, floor)).toBeCloseTo(score, 12);
    },
  );

  it('do not depend on the order, and less than half of wild values move them within the others at most', () => {
    const tame = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 5, maxLength: 20 });
    const wild = fc.array(fc.constantFrom(-1e12, 1e12), { maxLength: 4 });
    fc.assert(
      fc.property(tame, wild, (ordinary, outliers) => {
        const found = median([...outliers, ...ordinary]);
        expect(found).toBe(median([...ordinary.toReversed(), ...outliers]));
        expect(found).toBeGreaterThanOrEqual(Math.min(...ordinary));
        expect(found).toBeLessThanOrEqual(Math.max(...ordinary));
      }),
    );
  });
});

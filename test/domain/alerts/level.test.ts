import { describe, expect, test } from 'vitest';
import {
  advanceLevel,
  compare,
  holds,
  isResting,
  type LevelState,
  restingLevel,
  withoutData,
} from '../../../src/domain/alerts/level.ts';
import type { Comparison, Level } from '../../../src/domain/alerts/rule.ts';

const firing: LevelState = { activeSince: 0, firing: true, recoveringSince: undefined };
const pending: LevelState = { activeSince: 0, firing: false, recoveringSince: undefined };
const recovering = (since: number): LevelState => ({ ...firing, recoveringSince: since });

describe('a level', () => {
  const cases: [string, LevelState, boolean, number, [forMs: number, keepMs: number], LevelState][] = [
    ['at rest stays so', restingLevel, false, 50, [10, 10], restingLevel],
    ['without `for` fires at once', restingLevel, true, 0, [0, 0], firing],
    ['with `for` is pending first', restingLevel, true, 0, [10, 0], pending],
    ['is pending one before `for` is over', pending, true, 9, [10, 0], pending],
    ['fires when `for` is over', pending, true, 10, [10, 0], firing],
    ['that was pending ends with the first false evaluation', pending, false, 9, [10, 99], restingLevel],
    ['ends at once without `keepFiringFor`', firing, false, 20, [0, 0], restingLevel],
    ['keeps firing from the first false evaluation on', firing, false, 20, [0, 10], recovering(20)],
    ['keeps firing one before its time is over', recovering(20), false, 29, [0, 10], recovering(20)],
    ['ends when the time is over', recovering(20), false, 30, [0, 10], restingLevel],
    ['that relapses fires on, and since when is as before', recovering(20), true, 29, [99, 10], firing],
  ];
  test.each(cases)('%s', (_, state, condition, at, [forMs, keepFiringForMs], expected) => {
    expect(advanceLevel(state, condition, at, { forMs, keepFiringForMs })).toEqual(expected);
  });

  test('without data keeps what fires or recovers, and nothing that is pending', () => {
    expect(withoutData(firing)).toBe(firing);
    expect(withoutData(recovering(3))).toEqual(recovering(3));
    expect(isResting(withoutData(pending))).toBe(true);
    expect(isResting(withoutData(restingLevel))).toBe(true);
  });
});

describe('its condition', () => {
  test.each<[Comparison, boolean[]]>([
    ['above', [false, false, true]],
    ['atLeast', [false, true, true]],
    ['below', [true, false, false]],
    ['atMost', [true, true, false]],
  ])('%s', (comparison, expected) => {
    expect([9, 10, 11].map((value) => compare(value, comparison, 10))).toEqual(expected);
    expect(compare(Number.NaN, comparison, 10)).toBe(false);
  });

  test.each<[Comparison, number, number, unheld: number, held: number]>([
    ['above', 10, 5, 5, 5.1],
    ['atLeast', 10, 5, 4.9, 5],
    ['below', 10, 15, 15, 14.9],
    ['atMost', 10, 15, 15.1, 15],
  ])('%s %d is left at %d only', (comparison, threshold, recovery, unheld, held) => {
    const level: Level = { severity: 'info', comparison, threshold, recovery, forMs: 0 };
    expect(holds(level, firing, unheld)).toBe(false);
    expect(holds(level, firing, held)).toBe(true);
    expect(holds(level, recovering(1), held)).toBe(true);
    expect(holds(level, pending, held)).toBe(false);
    expect(holds(level, restingLevel, held)).toBe(false);
  });
});

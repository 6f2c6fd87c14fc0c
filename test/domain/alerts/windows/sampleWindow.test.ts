import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregates } from '../../../../src/domain/alerts/rule.ts';
import { createSampleWindow, type SampleWindow } from '../../../../src/domain/alerts/windows/sampleWindow.ts';

const windowMs = 60_000;

/** A window that ends at `at` seconds, over samples given in seconds. */
function windowOf(samples: readonly (readonly [seconds: number, value: number])[], at = 60): SampleWindow {
  const window = createSampleWindow({ windowMs });
  for (const [seconds, value] of samples) window.add(seconds * 1_000, value);
  window.advanceTo(at * 1_000);
  return window;
}

describe('aggregates of samples', () => {
  const samples = [
    [0, 1_000],
    [10, 4],
    [20, 1],
    [40, 7],
    [60, 2],
    [61, 9],
  ] as const;
  it.each([
    { of: 'last', expected: 2 },
    { of: 'count', expected: 4 },
    { of: 'sum', expected: 14 },
    { of: 'average', expected: 3.5 },
    { of: 'min', expected: 1 },
    { of: 'max', expected: 7 },
    { of: 0, expected: 1 },
    { of: 0.5, expected: 3 },
    { of: 0.9, expected: 6.1 },
    { of: 1, expected: 7 },
  ] as const)('$of of what lies in (0 s, 60 s] is $expected', ({ of, expected }) => {
    expect(windowOf(samples).aggregate(of)).toBeCloseTo(expected, 12);
  });

  it.each([
    {
      why: 'a sample at each end of the window',
      samples: [
        [0.001, 0],
        [30, 5],
        [60, 10],
      ],
      increase: 10,
    },
    {
      why: 'ends within an interval: stretched to them',
      samples: [
        [15, 40],
        [30, 50],
        [45, 60],
      ],
      increase: 40,
    },
    {
      why: 'ends far away: half an interval',
      samples: [
        [25, 40],
        [30, 45],
        [35, 50],
      ],
      increase: 15,
    },
    {
      why: 'just begun: not below zero',
      samples: [
        [15, 2],
        [30, 12],
        [45, 22],
      ],
      increase: 32,
    },
    {
      why: 'begun at zero: nothing before',
      samples: [
        [15, 0],
        [30, 10],
        [45, 20],
      ],
      increase: 30,
    },
    {
      why: 'a far start, and zero further than half an interval',
      samples: [
        [40, 7],
        [50, 17],
        [60, 27],
      ],
      increase: 25,
    },
    {
      why: 'a reset: began again at zero',
      samples: [
        [15, 90],
        [30, 100],
        [45, 10],
      ],
      increase: 40,
    },
    {
      why: 'no growth',
      samples: [
        [15, 5],
        [30, 5],
        [45, 5],
      ],
      increase: 0,
    },
    { why: 'one sample', samples: [[30, 5]], increase: undefined },
    { why: 'none', samples: [], increase: undefined },
  ] as { why: string; samples: [number, number][]; increase: number | undefined }[])(
    'increase with $why: $increase',
    ({ samples, increase }) => {
      const window = windowOf(samples);
      if (increase === undefined) {
        expect(window.aggregate('increase')).toBeUndefined();
        expect(window.aggregate('rate')).toBeUndefined();
        return;
      }
      expect(window.aggregate('increase')).toBeCloseTo(increase, 2);
      expect(window.aggregate('rate')).toBeCloseTo(increase / 60, 4);
    },
  );

  it('lose nothing small beside something great', () => {
    expect(
      windowOf([
        [1, 1e16],
        [2, 1],
        [3, 1],
        [4, -1e16],
      ]).aggregate('sum'),
    ).toBe(2);
  });

  it('are undefined of an empty window, whichever is asked for', () => {
    for (const of of [...aggregates, 0.5]) expect(windowOf([]).aggregate(of)).toBeUndefined();
  });
});

type Step = { kind: 'add'; offset: number; value: number } | { kind: 'advance'; by: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        offset: fc.integer({ min: -25, max: 15 }),
        value: fc.integer({ min: -100, max: 100 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat({ max: 12 }) }) },
  ),
  { maxLength: 100 },
);

/** The same, as a list that is looked through. */
class SampleList {
  end = 0;
  samples = new Map<number, number>();

  take(step: Step): string {
    if (step.kind === 'advance') {
      this.end += step.by;
      return '';
    }
    const time = this.end + step.offset;
    if (time <= this.end - 15) return 'too_late';
    this.samples.set(time, step.value);
    return time <= this.end ? 'taken' : 'ahead';
  }

  within(end: number): number[] {
    return [...this.samples]
      .filter(([time]) => time > end - 10 && time <= end)
      .sort(([a], [b]) => a - b)
      .map(([, value]) => value);
  }
}

function takeBoth(window: SampleWindow, list: SampleList, step: Step): void {
  const expected = list.take(step);
  if (step.kind === 'advance') window.advanceTo(list.end);
  else expect(window.add(list.end + step.offset, step.value)).toBe(expected);
}

const openSmall = (): SampleWindow => {
  const window = createSampleWindow({ windowMs: 10, graceMs: 5 });
  window.advanceTo(0);
  return window;
};

describe('a window of samples', () => {
  it('equals a list of all samples at every step, with late ones, repeated times and jumps', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const [window, list] = [openSmall(), new SampleList()];
        for (const step of sequence) {
          takeBoth(window, list, step);
          for (const end of [list.end, list.end - 5]) {
            const values = list.within(end);
            expect(window.count(end)).toBe(values.length);
            expect(window.aggregate('last', end)).toBe(values.at(-1));
            const sum = values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
            expect(window.aggregate('sum', end)).toBe(sum);
          }
        }
      }),
    );
  });

  it('saved anywhere and loaded goes on as if it had never stopped', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const [window, list] = [openSmall(), new SampleList()];
        for (const step of before) takeBoth(window, list, step);
        const loaded = createSampleWindow({ windowMs: 10, graceMs: 5 });
        loaded.load(JSON.parse(JSON.stringify(window.save())));
        for (const step of after) {
          if (step.kind === 'add')
            expect(loaded.add(list.end + step.offset, step.value)).toBe(
              window.add(list.end + step.offset, step.value),
            );
          takeBoth(window, list, step);
          if (step.kind === 'advance') loaded.advanceTo(list.end);
          for (const of of [...aggregates, 0.9]) {
            expect(loaded.aggregate(of)).toBe(window.aggregate(of));
            expect(loaded.nextChange(of)).toBe(window.nextChange(of));
          }
        }
        expect(loaded.save()).toEqual(window.save());
      }),
    );
  });

  it('says when a sample leaves or comes in next, and of rates that they always move', () => {
    const window = windowOf(
      [
        [10, 1],
        [70, 2],
      ],
      30,
    );
    expect(window.nextChange('last')).toBe(70_000);
    expect(window.nextChange('rate')).toBe(70_000);
    window.advanceTo(75_000);
    expect(window.nextChange('last')).toBe(130_000);
    window.add(74_000, 3);
    expect(window.nextChange('rate')).toBe(75_001);
    window.advanceTo(200_000);
    expect(window.nextChange('sum')).toBeUndefined();
  });

  it('draws itself in steps that hold every sample once', () => {
    const points = windowOf([
      [0, 9],
      [10, 4],
      [20, 1],
      [21, 3],
      [60, 2],
      [61, 9],
    ]).points(3, 'average');
    expect(points).toEqual([
      { time: 20_000, value: 2.5, volume: 2 },
      { time: 40_000, value: 3, volume: 1 },
      { time: 60_000, value: 2, volume: 1 },
    ]);
  });

  it('holds no more than ten thousand samples, and says for how long it is not exact', () => {
    const window = createSampleWindow({ windowMs: 20_000 });
    for (let time = 1; time <= 10_002; time += 1) window.add(time, 1);
    window.advanceTo(10_002);
    expect(window.count()).toBe(10_000);
    expect(window.isExact()).toBe(false);
    window.advanceTo(20_001);
    expect(window.isExact()).toBe(false);
    window.advanceTo(20_002);
    expect(window.isExact()).toBe(true);
  });
});

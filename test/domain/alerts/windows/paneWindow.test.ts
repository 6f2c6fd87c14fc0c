import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaneWindow, type PaneWindow } from '../../../../src/domain/alerts/windows/paneWindow.ts';
import { keyOf, Sketch } from '../../../../src/domain/alerts/windows/sketch.ts';

const paneMs = 10;
const panes = 6;

type Step =
  | { kind: 'add' /** From the present end of the window. */; offset: number; failed: number; took: number }
  | { kind: 'advance'; panes: number };

const offsets = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -30, max: 30 }) },
  { weight: 2, arbitrary: fc.integer({ min: -130, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: -12, max: 12 }).map((pane) => pane * paneMs) },
  { weight: 1, arbitrary: fc.constantFrom(-0.001, 0.001, 9.999, -60.001, -59.999) },
);
const adding = fc.record({
  kind: fc.constant('add' as const),
  offset: offsets,
  failed: fc.integer({ min: 0, max: 3 }),
  took: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })),
});
const advancing = fc.record({
  kind: fc.constant('advance' as const),
  panes: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 4, max: 40 }) },
  ),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: adding }, { weight: 1, arbitrary: advancing }),
  { maxLength: 120 },
);
const graces = fc.constantFrom(0, 1, 5);
const starts = fc.constantFrom(0, 1_795_000_000_000);

interface Event {
  time: number;
  failed: number;
  took: number;
}

/** What a window is, said in the plainest way: a list of events, looked through each time. */
class EventList {
  readonly grace: number;
  end: number | undefined;
  events: Event[] = [];

  constructor(grace: number) {
    this.grace = grace;
  }

  add(event: Event): string {
    const { end } = this;
    if (end !== undefined && event.time <= end - (panes + this.grace) * paneMs) return 'too_late';
    this.events.push(event);
    return end !== undefined && event.time <= end ? 'taken' : 'ahead';
  }

  within(lastPanes: number, end = this.end): Event[] {
    if (end === undefined) return [];
    return this.events.filter(({ time }) => time > end - lastPanes * paneMs && time <= end);
  }
}

const sketchOf = (events: readonly Event[]): Sketch => {
  const sketch = new Sketch();
  for (const { took } of events) sketch.add(took);
  return sketch;
};
const failures = (events: readonly Event[]): number => events.reduce((sum, { failed }) => sum + failed, 0);

function expectSame(window: PaneWindow, list: EventList): void {
  const inWindow = list.within(panes);
  expect(window.total(0)).toBe(inWindow.length);
  expect(window.total(1)).toBe(failures(inWindow));
  expect(window.sketch().encode()).toEqual(sketchOf(inWindow).encode());
  expect(window.isEmpty()).toBe(inWindow.length === 0);
  for (const last of [1, 2, panes]) {
    expect(window.sumOver(1, last)).toBe(failures(list.within(last)));
    expect(window.sketchOver(last).encode()).toEqual(sketchOf(list.within(last)).encode());
  }
}

function take(window: PaneWindow, list: EventList, step: Step, start: number): void {
  const end = list.end ?? start;
  if (step.kind === 'advance') {
    list.end = end + step.panes * paneMs;
    window.advanceTo(list.end);
    return;
  }
  const event = { time: end + step.offset, failed: step.failed, took: step.took };
  expect(window.add(event.time, [1, event.failed], [keyOf(event.took), 1])).toBe(list.add(event));
}

const open = (grace: number): PaneWindow =>
  createPaneWindow({ paneMs, panes, columns: 2, sketch: true, grace });

describe('a window of panes', () => {
  it('equals a list of all events at every step, with late ones, gaps and jumps', () => {
    fc.assert(
      fc.property(steps, graces, starts, (sequence, grace, start) => {
        const [window, list] = [open(grace), new EventList(grace)];
        for (const step of sequence) {
          take(window, list, step, start);
          expectSame(window, list);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('saved anywhere and loaded goes on as if it had never stopped', () => {
    fc.assert(
      fc.property(steps, steps, graces, (before, after, grace) => {
        const [window, list] = [open(grace), new EventList(grace)];
        for (const step of before) take(window, list, step, 0);
        const loaded = open(grace);
        loaded.load(JSON.parse(JSON.stringify(window.save())));
        const copied = new EventList(grace);
        Object.assign(copied, { end: list.end, events: [...list.events] });
        for (const step of after) {
          take(window, list, step, 0);
          take(loaded, copied, step, 0);
          expectSame(loaded, copied);
          expect(loaded.nextChange()).toBe(window.nextChange());
        }
        expect(loaded.save()).toEqual(window.save());
      }),
      { numRuns: 300 },
    );
  });

  it('says when its totals change next, and until then they do not', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const [window, list] = [open(0), new EventList(0)];
        for (const step of [...sequence, { kind: 'advance', panes: 1 } as const]) take(window, list, step, 0);
        const end = list.end ?? 0;
        const changes = (time: number): boolean => {
          const [now, then] = [new Set(list.within(panes)), list.within(panes, time)];
          return then.length !== now.size || then.some((event) => !now.has(event));
        };
        let expected: number | undefined;
        for (let time = end + 30 * paneMs; time > end; time -= paneMs) if (changes(time)) expected = time;
        expect(window.nextChange()).toBe(expected);
      }),
    );
  });

  it('remembers what an earlier window held, as far as its grace reaches', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 5 }), (sequence, back) => {
        const [window, list] = [open(5), new EventList(5)];
        for (const step of [...sequence, { kind: 'advance', panes: 1 } as const]) take(window, list, step, 0);
        const end = (list.end ?? 0) - back * paneMs;
        expect(window.sumOver(1, panes, end)).toBe(failures(list.within(panes, end)));
        expect(window.sketchOver(panes, end).encode()).toEqual(sketchOf(list.within(panes, end)).encode());
      }),
    );
  });

  it('draws itself in steps that hold every event once', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 10 }), (sequence, most) => {
        const [window, list] = [open(0), new EventList(0)];
        for (const step of [...sequence, { kind: 'advance', panes: 1 } as const]) take(window, list, step, 0);
        const points = window.points(most, { quantile: 0.5 });
        expect(points.length).toBeLessThanOrEqual(most);
        expect(points.at(-1)?.time).toBe(list.end);
        let from = (list.end ?? 0) - panes * paneMs;
        for (const { time, sums, quantile } of points) {
          const held = list.within((time - from) / paneMs, time);
          expect(sums).toEqual([held.length, failures(held)]);
          expect(quantile).toBe(sketchOf(held).quantile(0.5));
          from = time;
        }
      }),
    );
  });

  it.each([
    { time: 0, pane: 0 },
    { time: 0.001, pane: 10 },
    { time: 9.999, pane: 10 },
    { time: 10, pane: 10 },
    { time: 10.001, pane: 20 },
  ])('a time on a boundary belongs to the pane that ends there: $time to that of $pane', ({ time, pane }) => {
    for (const base of [0, 1_795_000_000_000]) {
      const window = open(0);
      window.add(base + time, [1, 0]);
      expect(window.nextChange()).toBe(base + pane);
      window.advanceTo(base + pane);
      expect(window.total(0)).toBe(1);
      window.advanceTo(base + pane + (panes - 1) * paneMs);
      expect(window.total(0)).toBe(1);
      window.advanceTo(base + pane + panes * paneMs);
      expect(window.total(0)).toBe(0);
    }
  });

  it('counts far more of one duration than one number holds', () => {
    const window = open(0);
    const many = 2 ** 20 + 5;
    for (let times = 0; times < many; times += 1) window.add(5, [1, 0], [keyOf(100), 1]);
    window.add(5, [1, 0], [keyOf(50), 1]);
    window.add(5, [1, 0], [keyOf(200), 1]);
    window.advanceTo(10);
    const loaded = open(0);
    loaded.load(window.save());
    for (const each of [window, loaded]) {
      expect(
        each
          .sketch()
          .encode()
          .bins.map(([, count]) => count),
      ).toEqual([1, many, 1]);
      each.advanceTo(1_000);
      expect(each.sketch().count).toBe(0);
    }
  });

  it('keeps nothing of what counts nothing', () => {
    const window = createPaneWindow({ paneMs, panes, columns: 1, sketch: false });
    window.add(5, [0], [keyOf(100), 1]);
    window.advanceTo(10);
    expect(window.save()).toEqual({ at: 10, panes: [] });
    expect(window.nextChange()).toBeUndefined();
  });

  it('goes nowhere but forward, and only to the ends of panes', () => {
    const window = open(0);
    window.advanceTo(100);
    window.advanceTo(100);
    expect(() => window.advanceTo(90)).toThrow(RangeError);
    expect(() => window.advanceTo(105)).toThrow(RangeError);
  });
});

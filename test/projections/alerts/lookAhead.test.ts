import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import { createLookAhead } from '../../../src/projections/alerts/lookAhead.ts';
import { logs, manyRules } from '../../domain/alerts/processorEvents.ts';
import { at, clock, decided, inWords, recorded, request, rulesOf } from '../../support/alertEvents.ts';

const rules = rulesOf(`
rules:
  - { name: failures, title: t, measure: failed_requests, by: [service], window: 1m, every: 1s, warning: { atLeast: 3 } }
  - { name: quiet, title: t, measure: silence, by: [service], window: 6h, every: 1s, info: { above: 10m } }
`);

const bad = [1, 2, 3].map((second) => request(second, { status: 'error' }));
const saved = (processor: AlertProcessor): string => JSON.stringify(processor.save());

function opened(events = bad, stopwatch = () => 0) {
  const processor = new AlertProcessor({ rules });
  return { processor, before: decided(processor, events), ahead: createLookAhead(processor, stopwatch) };
}

/** In seconds, as `default` has them. */
const foundAt = (found: { project: string; to: number }[]): number[] =>
  found.map(({ to }) => (to - at(0)) / 1_000);

describe('looking ahead', () => {
  test('finds nothing while a source is active, or an event may be under way', () => {
    const { ahead, before } = opened();
    expect(before).toEqual([]);
    expect(ahead.look(at(3))).toEqual([]);
    expect(ahead.look(at(4.2))).toEqual([]);
    expect(ahead.look(at(7.9))).toEqual([]);
  });

  test('finds the time of the next step when the sources have stopped', () => {
    const { processor, ahead } = opened();
    expect(foundAt(ahead.look(at(8)))).toEqual([3]);
    expect(decided(processor, [recorded(clock(3), at(8))]).map(inWords)).toEqual(['3 AlertFired warning']);
  });

  test('finds when an alert ends by time alone, and not before', () => {
    const { processor, ahead } = opened();
    decided(processor, [recorded(clock(3), at(8))]);
    ahead.forget('default');
    for (let now = 9.5; now < 61.5; now += 0.25) expect(ahead.look(at(now))).toEqual([]);
    expect(foundAt(ahead.look(at(61.5)))).toEqual([61]);
    expect(decided(processor, [recorded(clock(61), at(61.5))]).map(inWords)).toEqual([
      '61 AlertResolved recovered',
    ]);
    ahead.forget('default');
    expect(foundAt(ahead.look(at(5_000)))).toEqual([604]);
  });

  test('changes nothing of the state, whatever it finds', () => {
    const { processor, ahead } = opened();
    const before = saved(processor);
    for (const now of [8, 60, 500, 5_000]) {
      ahead.look(at(now));
      ahead.forget('default');
      expect(saved(processor)).toBe(before);
    }
  });

  test('forgets what it saw when other rules are in force', () => {
    const { processor, ahead } = opened();
    expect(ahead.look(at(8))).toHaveLength(1);
    decided(processor, [recorded(clock(3), at(8))]);
    expect(foundAt(ahead.look(at(20)))).toEqual([3]);
    ahead.forgetAll();
    expect(ahead.look(at(20))).toEqual([]);
  });

  test('takes no more than its share of the time for copies', () => {
    let now = 0;
    const stopwatch = () => (now += 5);
    const { ahead } = opened(bad, stopwatch);
    expect(ahead.look(at(8))).toHaveLength(1);
    ahead.forget('default');
    expect(ahead.look(at(8))).toEqual([]);
    now += 100;
    expect(ahead.look(at(8))).toHaveLength(1);
  });

  test('looks at each project for itself', () => {
    const other = bad.map((event) => ({
      ...event,
      project: 'other',
      recordedAt: event.recordedAt + 100_000,
    }));
    const { ahead } = opened([...bad, ...other]);
    expect(ahead.look(at(8)).map(({ project }) => project)).toEqual(['default']);
    expect(
      ahead
        .look(at(108))
        .map(({ project }) => project)
        .sort(),
    ).toEqual(['default', 'other']);
  });
});

describe('a beat that no event ends', () => {
  const steady = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => request(from + index));

  test('is ended soon after it is over when something is decided with it, though the source goes on sending', () => {
    const { processor, ahead } = opened([]);
    for (const event of [...bad, request(3.7)]) expect(processor.observe(event)).toEqual([]);
    expect(ahead.look(at(3.75))).toEqual([]);
    expect(foundAt(ahead.look(at(3.8)))).toEqual([3]);
    const passed = { ...clock(3), recordedAt: at(3.81) };
    expect(processor.observe(passed).map(inWords)).toEqual(['3 AlertFired warning']);
  });

  test('is left open when nothing is, so that nothing is recorded', () => {
    const { processor, ahead } = opened([]);
    for (const event of steady(1, 4)) processor.observe(event);
    for (let now = 4; now < 8; now += 0.25) expect(ahead.look(at(now))).toEqual([]);
  });

  test('is not looked at as long as nothing can have fallen due', () => {
    const { processor, ahead } = opened([]);
    const copies = vi.spyOn(processor, 'shadowOf');
    processor.observe(request(1));
    ahead.look(at(1.2));
    expect(copies).not.toHaveBeenCalled();
    processor.observe(request(1.6));
    ahead.look(at(1.8));
    expect(copies).toHaveBeenCalledTimes(1);
  });
});

test('what it finds is decided when it is recorded, exactly then, and nothing before', () => {
  let found = 0;
  fc.assert(
    fc.property(
      logs(40),
      fc.array(fc.constantFrom(250, 750, 5_000, 61_000, 700_000), { maxLength: 30 }),
      (events, waits) => {
        const processor = new AlertProcessor({ rules: manyRules });
        decided(processor, events);
        const ahead = createLookAhead(processor, () => 0);
        let now = Math.max(...events.map(({ recordedAt }) => recordedAt));
        for (const wait of waits) {
          now += wait;
          const before = saved(processor);
          const looked = ahead.look(now);
          expect(saved(processor)).toBe(before);
          for (const { project, to } of looked) {
            found += 1;
            const passed = recorded(
              { ...clock(0, project), occurredAt: now, data: { to } } as ReturnType<typeof clock>,
              now,
            );
            const seen = processor.shadowOf(project)?.advanceClock(now - manyRules.latenessMs, now) ?? [];
            const made = processor.observe(passed);
            ahead.forget(project);
            expect(made[0]?.event.occurredAt).toBe(to);
            expect(JSON.stringify(made)).toBe(JSON.stringify(seen.slice(0, made.length)));
          }
        }
      },
    ),
    { numRuns: 50 },
  );
  expect(found).toBeGreaterThan(50);
});

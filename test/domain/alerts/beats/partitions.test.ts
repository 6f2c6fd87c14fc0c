import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BeatReader, beatMs } from '../../../../src/domain/alerts/beats/beatReader.ts';
import { SliceMerger } from '../../../../src/domain/alerts/beats/merge.ts';
import type { Slice } from '../../../../src/domain/alerts/beats/partial.ts';
import { createFaultReader } from '../../../../src/domain/alerts/processor/faults.ts';
import { AlertProcessor } from '../../../../src/domain/alerts/processor/processor.ts';
import type { RecordedEvent } from '../../../../src/domain/events/envelope.ts';
import { clock, happened, request, rulesOf } from '../../../support/alertEvents.ts';
import { logs, manyRules } from '../processorEvents.ts';
import { apart, type Outcome, together } from './lanes.ts';
import { storyOf } from './story.ts';

const expectSame = (outcome: Outcome, reference: Outcome): void => {
  expect(outcome.decisions.length).toBe(reference.decisions.length);
  expect(JSON.stringify(outcome.decisions)).toBe(JSON.stringify(reference.decisions));
  expect(outcome.saved).toBe(reference.saved);
};

describe('the same alerts, byte for byte, whatever the number of partitions', () => {
  const story = storyOf(4, { services: 240, days: 5, eventsADay: 900 });
  const reference = together(story);

  test('the story tells of all kinds of alerts', () => {
    const rules = new Set(reference.decisions.map(({ event }) => 'rule' in event.data && event.data.rule));
    const types = new Set(reference.decisions.map(({ event }) => event.type));
    expect([...rules].sort()).toMatchInlineSnapshot(`
      [
        "average",
        "burns",
        "checks",
        "depth-average",
        "depth-count",
        "depth-increase",
        "depth-last",
        "depth-max",
        "depth-min",
        "depth-p90",
        "depth-rate",
        "depth-sum",
        "failures",
        "limits",
        "lines",
        "many-errors",
        "odd-errors",
        "odd-latency",
        "odd-requests",
        "quiet",
        "rate",
        "runs",
        "seen-first",
        "slow",
      ]
    `);
    expect([...types].sort()).toMatchInlineSnapshot(`
      [
        "AlertAmended",
        "AlertDataLost",
        "AlertDataReturned",
        "AlertDismissed",
        "AlertFired",
        "AlertRecoveryBegan",
        "AlertResolved",
        "AlertSeverityChanged",
        "AlertSuspected",
      ]
    `);
    expect(reference.decisions.length).toBeGreaterThan(500);
  });

  test.each([1, 2, 3, 7, 64])('%i of them, with restarts of readers and owner', (lanes) => {
    expectSame(apart(story, { lanes, seed: lanes, restarts: 500 }), reference);
  });

  test('and whenever the one process is stopped and restored', () => {
    expectSame(together(story, undefined, [10, 900, 901, 1_500, 3_000, 4_321]), reference);
  });

  test('of any log', () => {
    let steps = 0;
    fc.assert(
      fc.property(logs(60), fc.constantFrom(1, 2, 3, 7, 64), fc.nat(), (log, lanes, seed) => {
        const one = together(log, manyRules);
        steps += one.decisions.length;
        expectSame(apart(log, { lanes, seed, rules: manyRules, restarts: 40 }), one);
      }),
      { numRuns: 60 },
    );
    expect(steps).toBeGreaterThan(200);
  });
});

const rules = rulesOf(`
rules:
  - { name: failures, title: t, measure: failed_requests, by: [service], window: 1m, every: 1s, warning: { atLeast: 3 } }
  - { name: slow, title: t, measure: latency p95, by: [operation], window: 5m, every: 1s, warning: { above: 2s } }
  - { name: quiet, title: t, measure: silence, by: [service], window: 6h, every: 10s, info: { above: 10m } }
  - { name: errors, title: t, measure: errors, by: [service], window: 1m, every: 1s, info: { above: 3 } }
  - { name: fresh, title: t, measure: new_error, by: [fingerprint], window: 1h, every: 1s, info: { atLeast: 1 } }
  - { name: odd, title: t, measure: { anomaly: latency, days: 7 }, by: [service], every: 10s, info: { above: 3 } }
`);
const newReader = () => new BeatReader({ ruleSet: rules, fixed: true, readFault: createFaultReader() });
const failed = (seconds: number, service: string): RecordedEvent =>
  request(seconds, { status: 'error', errorMessage: 'boom' }, { service });

describe('a partial', () => {
  /** Of one beat, in which so many requests come, some slow, some failed. */
  const sizeOf = (events: number): number => {
    const reader = newReader();
    for (let index = 0; index < events; index += 1) {
      const data =
        index % 5 === 0 ? { status: 'error', errorMessage: 'boom' } : { durationMs: 1 + (index % 4_000) };
      const user = { userId: `u${index % 40}`, requestId: `r${index}` };
      reader.read(request(10 + (0.099 * index) / events, data, { service: `s${index % 4}`, ...user }));
    }
    return JSON.stringify(reader.pass(request(11).recordedAt)).length;
  };

  test('is small whatever the traffic', () => {
    const [few, many] = [sizeOf(20_000), sizeOf(200_000)];
    // Ten times the events are longer numbers, and nothing more.
    expect(many).toBeLessThan(few * 1.1);
    expect(many).toBeLessThan(100_000);
  });
});

describe('the owner', () => {
  const bad = [1, 2, 3].map((second) => failed(second, 'bot'));
  const other = [1, 2, 3, 4, 5].map((second) => failed(second, 'api'));
  const read = (events: readonly RecordedEvent[]): Slice[] => {
    const reader = newReader();
    return events.flatMap((event) => [...reader.read(event)]);
  };
  const decidedBy = (merger: SliceMerger): string[] => {
    const owner = new AlertProcessor({ rules });
    const decisions = [];
    for (let slice = merger.next(); slice !== undefined; slice = merger.next()) {
      decisions.push(...owner.takeSlice(slice));
      while (owner.isDue) decisions.push(...owner.judgeNext());
    }
    return decisions.map(({ event }) => JSON.stringify(event));
  };

  test('hears the same partial twice as once', () => {
    const slices = read([...bad, clock(20), clock(30)]);
    const [once, twice] = [new SliceMerger(1), new SliceMerger(1)];
    for (const slice of slices) once.add(0, slice);
    for (const slice of [...slices, ...slices]) twice.add(0, slice);
    const decided = decidedBy(once);
    expect(decided.length).toBeGreaterThan(0);
    expect(decidedBy(twice)).toEqual(decided);
    const later = new SliceMerger(1, once.taken);
    for (const slice of slices) later.add(0, slice);
    expect(later.next()).toBeUndefined();
  });

  test('waits with a beat for a partition that is behind, however far the others are', () => {
    const merger = new SliceMerger(2);
    for (const slice of read([...bad, request(9), request(99)])) merger.add(0, slice);
    expect(merger.next()).toBeUndefined();
    const [first, ...rest] = read(other);
    if (first !== undefined) merger.add(1, first);
    const given: Slice[] = [];
    const drain = () => {
      for (let slice = merger.next(); slice !== undefined; slice = merger.next()) given.push(slice);
      return given.map(({ beat }) => beat);
    };
    const beatOf = (second: number) => Math.floor(request(second).recordedAt / beatMs);
    expect(drain()).toEqual([beatOf(1) - 1]);
    for (const slice of rest) merger.add(1, slice);
    expect(drain().slice(1)).toEqual([1, 2, 3, 4].map(beatOf));
    expect(given[1]?.projects[0]?.services.map(({ service }) => service)).toEqual(['api', 'bot']);
  });

  test('waits for nobody who has passed the beat without an event', () => {
    const merger = new SliceMerger(2);
    for (const slice of read([...bad, request(9)])) merger.add(0, slice);
    const quiet = newReader();
    for (const passed of [1, 9])
      for (const slice of quiet.pass(request(passed).recordedAt)) merger.add(1, slice);
    let count = 0;
    while (merger.next() !== undefined) count += 1;
    expect(count).toBeGreaterThan(3);
  });

  test('lets what changes the deciding take its place between the events before it and those behind it', () => {
    const one = newReader();
    const command = happened('AlertResolutionRequested', 1.05, { data: { episode: 'ep', by: 'ann' } });
    one.read(failed(1, 'bot'));
    const [slice] = one.read(command);
    expect(slice?.control).toEqual(command);
    expect(slice?.projects[0]?.services[0]?.around.operations).toEqual([
      ['search', expect.any(Number), 1, 1],
    ]);
    one.read(failed(1.06, 'bot'));
    const [end] = one.pass(request(2).recordedAt);
    expect(end?.projects[0]?.services[0]?.around.operations).toEqual([['search', expect.any(Number), 1, 1]]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { clock, decided, happened, inWords, recorded, request, rulesOf } from '../../support/alertEvents.ts';
import { logs, manyRules, manyRulesText } from './processorEvents.ts';

/** What fires under these follows from the readings alone. */
const plain = `
  - { name: failures, measure: failed_requests, by: [service, operation], window: 20s, every: 1s, warning: { atLeast: 2 } }
  - { name: rate, measure: error_rate, by: [service], window: 30s, every: 2s, minimumVolume: 2, noData: resolve,
      warning: { above: 20% } }
  - { name: slow, measure: latency p50, window: 1m, every: 1s, minimumVolume: 1, noData: resolve, info: { above: 80ms } }
  - { name: depth, measure: { metric: queue_depth, aggregate: max }, by: [host], window: 30s, every: 1s, noData: resolve,
      info: { above: 60 } }
  - { name: captured, measure: errors, window: 1m, every: 1s, info: { atLeast: 2 } }
  - { name: jobs, measure: job, window: 10m, every: 1s, noData: resolve, info: { atLeast: 1 } }
  - { name: checks, measure: health, by: [name], window: 2m, every: 1s, noData: resolve, info: { atLeast: degraded } }
  - { name: quiet, measure: silence, by: [service], window: 2m, every: 1s, noData: resolve, info: { above: 5s } }
`;
const sharing = `
  - { name: other-failures, measure: failed_requests, by: [service, operation], window: 20s, every: 1s, info: { atLeast: 9 } }`;

let revision = 0;
const rulesChanged = (seconds: number, rules: string, versions: Record<string, number> = {}) =>
  happened('RulesChanged', seconds, {
    data: { revision: ++revision, source: 'api', by: 'ann', text: `rules:${rules}`, versions },
  });

/** As a decider does it: new windows are filled from what happened before. */
function warmUp(processor: AlertProcessor, past: readonly RecordedEvent[]): void {
  const since = processor.coldSince;
  if (since === undefined) return;
  processor.cool();
  const byTime = past.filter(({ occurredAt }) => occurredAt >= since);
  for (const event of byTime.sort((a, b) => a.occurredAt - b.occurredAt)) processor.warm(event);
  processor.warmed();
  expect(processor.coldSince).toBeUndefined();
}

const firing = (processor: AlertProcessor): string[] =>
  processor
    .save()
    .projects.flatMap(([project, { watches }]) =>
      watches.flatMap(({ rules }) =>
        rules.flatMap(({ name, alerts }) =>
          alerts
            .filter(([, { alert }]) => alert.episode !== undefined)
            .map(([key]) => `${project} ${name} ${key}`),
        ),
      ),
    )
    .sort();

describe('rules that come in later', () => {
  test('see with their windows filled what they would have seen from the beginning', () => {
    let compared = 0;
    fc.assert(
      fc.property(logs(50), fc.nat({ max: 300 }), fc.boolean(), (events, place, shares) => {
        const changeAt = Math.min(place, events.length - 1);
        const begin = (events[0]?.recordedAt ?? 0) - 1;
        const change = recorded(rulesChanged(0, plain), events[changeAt - 1]?.recordedAt ?? begin);
        const always = new AlertProcessor();
        always.observe(recorded(rulesChanged(0, plain), begin));
        const later = new AlertProcessor();
        if (shares) later.observe(recorded(rulesChanged(0, sharing), begin));
        events.forEach((event, index) => {
          if (index === changeAt) {
            later.observe(change);
            warmUp(later, events.slice(0, index));
          }
          always.observe(event);
          later.observe(event);
        });
        // Everything has been judged once more.
        const end = Math.max(...events.map(({ recordedAt }) => recordedAt));
        for (const project of ['one', 'two']) {
          const passed = { ...clock(0, project), recordedAt: end + 9_000 };
          const event = { ...passed, data: { to: end + 8_000 } } as RecordedEvent;
          always.observe(event);
          later.observe(event);
        }
        compared += firing(always).length;
        expect(firing(later)).toEqual(firing(always));
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  test('judge at the next step what the windows of others already hold', () => {
    const rule = (name: string, level: string) =>
      `\n  - { name: ${name}, measure: { metric: queue_depth }, window: 10m, every: 1s, ${level} }`;
    const processor = new AlertProcessor();
    const depth = happened('MetricRecorded', 5, { data: { value: 50 } });
    const lines = decided(processor, [
      rulesChanged(0, rule('a', 'info: { above: 90 }')),
      depth,
      clock(100),
      rulesChanged(101, rule('a', 'info: { above: 90 }') + rule('b', 'info: { above: 40 }')),
      clock(110),
      rulesChanged(111, rule('a', 'info: { above: 30 }') + rule('b', 'info: { above: 40 }'), { a: 2 }),
      clock(120),
    ]);
    expect(lines.map((line) => [inWords(line), (line.event.data as { rule: string }).rule])).toEqual([
      ['101 AlertFired info', 'b'],
      ['111 AlertFired info', 'a'],
    ]);
  });
});

describe('rules that go or change', () => {
  const failures = (level: string, by = 'service') =>
    `\n  - { name: r, measure: failed_requests, by: [${by}], window: 1m, every: 1s, ${level} }`;
  const bad = [1, 2, 3].map((second) => request(second, { status: 'error' }));

  test('end what they have left open', () => {
    const lines = decided(new AlertProcessor(), [
      rulesChanged(0, failures('warning: { above: 1 }')),
      ...bad,
      rulesChanged(10, ' []'),
      clock(20),
    ]);
    expect(lines.map(inWords)).toEqual(['2 AlertFired warning', '2.5 AlertResolved rule_removed']);
  });

  test('end it too when they mean other alerts now', () => {
    const lines = decided(new AlertProcessor(), [
      rulesChanged(0, failures('warning: { above: 1 }')),
      ...bad,
      rulesChanged(10, failures('warning: { above: 1 }', 'operation'), { r: 2 }),
    ]);
    expect(lines.map(inWords)).toEqual(['2 AlertFired warning', '2.5 AlertResolved rule_changed']);
  });

  test('go on with the same alert when only a level is another', () => {
    const lines = decided(new AlertProcessor(), [
      rulesChanged(0, failures('warning: { above: 1 }')),
      ...bad,
      rulesChanged(10, failures('warning: { above: 5 }'), { r: 2 }),
      clock(20),
    ]);
    expect(lines.map(inWords)).toEqual(['2 AlertFired warning', '3 AlertResolved recovered']);
    expect(lines.map(({ event }) => (event.data as { ruleVersion: number }).ruleVersion)).toEqual([1, 2]);
  });
});

describe('what was recorded', () => {
  /** The log with the decisions in it, each behind the event that led to it. */
  function lived(events: readonly RecordedEvent[], rules = manyRules) {
    const processor = new AlertProcessor({ rules });
    const log = events.flatMap((event) => [
      event,
      ...processor.observe(event).map(({ event: made }) => recorded(made, event.recordedAt)),
    ]);
    return { processor, log };
  }

  const episodes = (processor: AlertProcessor): string[] =>
    processor
      .save()
      .projects.flatMap(([, { watches }]) =>
        watches.flatMap(({ rules }) => rules.flatMap(({ alerts }) => alerts)),
      )
      .flatMap(
        ([
          key,
          {
            labels,
            alert: { episode },
          },
        ]) => (episode ? JSON.stringify([key, labels, episode]) : []),
      )
      .sort();

  test('brings back the same open alerts, their steps counted alike', () => {
    let open = 0;
    fc.assert(
      fc.property(logs(60), (events) => {
        const { processor, log } = lived(events);
        const recalled = new AlertProcessor({ rules: manyRules });
        for (const event of log) recalled.recall(event);
        recalled.recalled();
        open += episodes(processor).length;
        expect(episodes(recalled)).toEqual(episodes(processor));
        for (const [name, project] of processor.projects)
          expect(recalled.projects.get(name)?.watermark).toBe(project.watermark);
      }),
      { numRuns: 150 },
    );
    expect(open).toBeGreaterThan(100);
  });

  test('makes every alert of plain readings go on as if it had been lived through', () => {
    const rules = rulesOf(`rules:${plain}`);
    fc.assert(
      fc.property(logs(60), fc.nat({ max: 300 }), (events, place) => {
        const past = events.slice(0, place);
        const { processor, log } = lived(past, rules);
        const recalled = new AlertProcessor({ rules });
        for (const event of log) recalled.recall(event);
        recalled.recalled();
        const [a, b] = [processor, recalled].map((one) => decided(one, events.slice(place)));
        expect(b?.map(inWords).sort()).toEqual(a?.map(inWords).sort());
        expect(b?.map(({ event }) => event.id).sort()).toEqual(a?.map(({ event }) => event.id).sort());
      }),
      { numRuns: 200 },
    );
  });

  test('may be of a later time than the events that were read before it', () => {
    const events = [1, 2, 3, 4, 5, 9].map((second) => request(second, { status: 'error' }));
    const { processor, log } = lived(events, rulesOf(`rules:${plain}`));
    const steps = log.filter(({ type }) => type.startsWith('Alert'));
    expect(steps.length).toBeGreaterThan(0);
    const [first, ...rest] = events as [RecordedEvent, ...RecordedEvent[]];
    for (const order of [
      [first, ...steps, ...rest],
      [...steps, ...events],
    ]) {
      const recalled = new AlertProcessor({ rules: rulesOf(`rules:${plain}`) });
      for (const event of order) recalled.recall(event);
      recalled.recalled();
      expect(episodes(recalled)).toEqual(episodes(processor));
      expect(() => decided(recalled, [request(20), clock(100)])).not.toThrow();
    }
  });

  test('of a log that has hardly begun is taken up without harm', () => {
    const recalled = new AlertProcessor({ rules: manyRules });
    recalled.recall(request(0.5, { status: 'error' }));
    recalled.recalled();
    expect(() => decided(recalled, [request(9), clock(100)])).not.toThrow();
  });

  test('judges again what was decided and then lost with the crash', () => {
    const rules = rulesOf(`rules:${plain}`);
    const events = [1, 2, 3].map((second) => request(second, { status: 'error' }));
    const recalled = new AlertProcessor({ rules });
    for (const event of events) recalled.recall(event);
    recalled.recalled();
    const fired = decided(recalled, [clock(9)]).filter(({ event }) => event.type === 'AlertFired');
    expect(fired.map(({ event }) => (event.data as { rule: string }).rule).sort()).toEqual([
      'failures',
      'quiet',
      'rate',
    ]);
  });
});

test('the rules that are written down are those that are in force', () => {
  const processor = new AlertProcessor();
  const text = happened('RulesChanged', 0, {
    data: { revision: 1, source: 'api', by: 'ann', text: manyRulesText, versions: {} },
  });
  processor.observe(text);
  expect(processor.ruleSet.rules.map(({ name }) => name)).toEqual(manyRules.rules.map(({ name }) => name));
  const restored = new AlertProcessor({ saved: JSON.parse(JSON.stringify(processor.save())) });
  expect(restored.ruleSet).toEqual(processor.ruleSet);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { Aggregate, Comparison, Rule, RuleSet } from '../../../src/domain/alerts/rule.ts';
import { at, clock, happened, rulesOf } from '../../support/alertEvents.ts';
import {
  duration,
  type ExpressionTest,
  hasPromtool,
  inputSeries,
  type PromtoolTest,
  runPromtool,
  type Sample,
} from './promtool.ts';

if (!hasPromtool)
  console.warn('SKIPPED: promtool is not on PATH, so no alert is compared with those of Prometheus here.');

const second = 1_000;

interface Compared {
  of: Aggregate | number;
  /** `x` is what is asked of the series; without it, it is the series itself. */
  call?: string;
  windowMs: number;
  comparison: Comparison;
  threshold: number;
  forSeconds?: number;
  keepSeconds?: number;
}

const operators: Record<Comparison, string> = { above: '>', atLeast: '>=', below: '<', atMost: '<=' };

/** Of half seconds, so that no sample lies where the window begins, which is told differently by Prometheus 2 and 3. */
const [short, long] = [30_500, 95_500];
/** For so long a series is taken to be as it was seen last: five minutes, at whose end Prometheus 2 still has it and 3 not. */
const lookBack = 300_500;

const gaugeRules: Compared[] = [
  { of: 'last', windowMs: lookBack, comparison: 'above', threshold: 50 },
  { of: 'last', windowMs: lookBack, comparison: 'atLeast', threshold: 50, forSeconds: 20 },
  { of: 'last', windowMs: lookBack, comparison: 'below', threshold: 30, forSeconds: 7, keepSeconds: 40 },
  { of: 'last', windowMs: lookBack, comparison: 'atMost', threshold: 50, keepSeconds: 15 },
  {
    of: 'last',
    call: 'last_over_time',
    windowMs: short,
    comparison: 'above',
    threshold: 40,
    keepSeconds: 30,
  },
  {
    of: 'average',
    call: 'avg_over_time',
    windowMs: long,
    comparison: 'above',
    threshold: 47.03,
    forSeconds: 30,
  },
  { of: 'min', call: 'min_over_time', windowMs: short, comparison: 'atMost', threshold: 20, forSeconds: 10 },
  {
    of: 'max',
    call: 'max_over_time',
    windowMs: short,
    comparison: 'atLeast',
    threshold: 80,
    forSeconds: 1,
    keepSeconds: 1,
  },
  {
    of: 'count',
    call: 'count_over_time',
    windowMs: long,
    comparison: 'below',
    threshold: 5,
    forSeconds: 25,
    keepSeconds: 90,
  },
  {
    of: 0.95,
    call: 'quantile_over_time',
    windowMs: long,
    comparison: 'above',
    threshold: 71.03,
    forSeconds: 60,
    keepSeconds: 60,
  },
];

const counterRules: Compared[] = [
  { of: 'rate', call: 'rate', windowMs: short, comparison: 'above', threshold: 2.53 },
  {
    of: 'rate',
    call: 'rate',
    windowMs: long,
    comparison: 'below',
    threshold: 2.53,
    forSeconds: 15,
    keepSeconds: 20,
  },
  {
    of: 'increase',
    call: 'increase',
    windowMs: long,
    comparison: 'atLeast',
    threshold: 153.7,
    forSeconds: 30,
    keepSeconds: 45,
  },
  {
    of: 'increase',
    call: 'increase',
    windowMs: short,
    comparison: 'atMost',
    threshold: 41.3,
    keepSeconds: 10,
  },
];

const nameOf = (index: number): string => `r${index}`;

function expressionOf({ of, call, windowMs, comparison, threshold }: Compared): string {
  const range = `x[${duration(windowMs)}]`;
  const asked = typeof of === 'number' ? `${call}(${of}, ${range})` : `${call}(${range})`;
  return `${call === undefined ? 'x' : asked} ${operators[comparison]} ${threshold}`;
}

const promRules = (rules: readonly Compared[]) => ({
  groups: [
    {
      name: 'compared',
      rules: rules.map((rule, index) => ({
        alert: nameOf(index),
        expr: expressionOf(rule),
        for: `${rule.forSeconds ?? 0}s`,
        keep_firing_for: `${rule.keepSeconds ?? 0}s`,
      })),
    },
  ],
});

/** Evaluated every second, when the clock says so: nothing is waited for. */
function ourRules(rules: readonly Compared[]): RuleSet {
  const [base] = rulesOf(
    'rules: [{ name: r, title: t, measure: { metric: x }, every: 1s, noData: resolve, warning: { above: 1 } }]',
  ).rules;
  const made = rules.map(({ of: aggregate, windowMs, comparison, threshold, ...times }, index): Rule => {
    const [forMs, keepFiringForMs] = [(times.forSeconds ?? 0) * second, (times.keepSeconds ?? 0) * second];
    const level = { severity: 'warning', comparison, threshold, recovery: threshold, forMs } as const;
    const measure = { kind: 'metric', aggregate } as const;
    return { ...(base as Rule), name: nameOf(index), measure, windowMs, levels: [level], keepFiringForMs };
  });
  return { ...rulesOf('rules: []'), rules: made, latenessMs: 0, idleMs: 0 };
}

type State = 'pending' | 'firing';

const leadsTo: Readonly<Record<string, State | undefined>> = {
  AlertSuspected: 'pending',
  AlertFired: 'firing',
  AlertDismissed: undefined,
  AlertResolved: undefined,
};

/** What our alerts are at each second. */
function ourStates(rules: RuleSet, samples: readonly Sample[], seconds: number): Map<string, State>[] {
  const processor = new AlertProcessor({ rules });
  const states = new Map<string, State>();
  let next = 0;
  return Array.from({ length: seconds }, (_, now) => {
    for (let sample = samples[next]; sample !== undefined && sample.time <= now * second; ) {
      const data = { name: 'x', value: sample.value };
      processor.observe(happened('MetricRecorded', sample.time / second, { data, recorded: now }));
      sample = samples[++next];
    }
    for (const { event } of processor.observe(clock(now))) {
      const { rule } = event.data as { rule: string };
      expect(event.occurredAt).toBe(at(now));
      if (!Object.hasOwn(leadsTo, event.type)) continue;
      const state = leadsTo[event.type];
      if (state === undefined) states.delete(rule);
      else states.set(rule, state);
    }
    return new Map(states);
  });
}

function testOf(rules: readonly Compared[], samples: readonly Sample[]): PromtoolTest {
  const seconds = (samples.at(-1)?.time ?? 0) / second + 420;
  const tests = ourStates(ourRules(rules), samples, seconds).map((states, now): ExpressionTest => {
    const exp_samples = [...states].map(([rule, state]) => ({
      labels: `ALERTS{alertname="${rule}", alertstate="${state}"}`,
      value: 1,
    }));
    return { expr: 'ALERTS', eval_time: duration(now * second), exp_samples };
  });
  return { interval: '1s', input_series: [inputSeries('x', samples, second)], promql_expr_test: tests };
}

const pauses = fc.oneof(
  { weight: 8, arbitrary: fc.constant(10) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(45, 120, 330) },
);

/** It stays about where it is for a while, often on the very threshold, and then it is elsewhere. */
const gauges: fc.Arbitrary<Sample[]> = fc
  .array(
    fc.record({
      pause: pauses,
      value: fc.oneof(fc.constantFrom(20, 30, 40, 50, 80), fc.integer({ min: 0, max: 100 })),
      stays: fc.integer({ min: 1, max: 6 }),
    }),
    { minLength: 2, maxLength: 12 },
  )
  .map((parts) => {
    const samples: Sample[] = [];
    let now = 0;
    for (const { pause, value, stays } of parts) {
      for (let left = stays; left > 0; left -= 1) {
        now += pause === 10 || left === stays ? pause : 10;
        samples.push({ time: now * second, value });
      }
    }
    return samples;
  });

/**
 * Far above zero, and reset once to where it is still: Prometheus 2 and 3 differ in what they say of counters near it,
 * which is left to the comparison of the aggregates.
 */
const counters: fc.Arbitrary<Sample[]> = fc
  .record({
    steps: fc.array(
      fc.record({
        pause: pauses,
        rate: fc.constantFrom(0, 1, 2, 3, 5),
        stays: fc.integer({ min: 2, max: 9 }),
      }),
      { minLength: 2, maxLength: 10 },
    ),
    resetAt: fc.nat({ max: 60 }),
  })
  .map(({ steps, resetAt }) => {
    const samples: Sample[] = [];
    let [now, value] = [0, 1_000_000];
    for (const { pause, rate, stays } of steps) {
      for (let left = stays; left > 0; left -= 1) {
        const passed = pause === 10 || left === stays ? pause : 10;
        now += passed;
        value = samples.length === resetAt ? 400_000 : value + rate * passed;
        samples.push({ time: now * second, value });
      }
    }
    return samples;
  });

const sampled = (all: fc.Arbitrary<Sample[]>, numRuns: number): Sample[][] =>
  fc.sample(all, { numRuns, seed: 20_261_125 });

const count = (tests: readonly PromtoolTest[], state: State): number =>
  tests
    .flatMap(({ promql_expr_test = [] }) => promql_expr_test.flatMap(({ exp_samples }) => exp_samples))
    .filter(({ labels }) => labels.includes(state)).length;

describe.skipIf(!hasPromtool)('beside the alerts of Prometheus', () => {
  test.each([
    ['gauges', gaugeRules, gauges],
    ['counters', counterRules, counters],
  ] as const)(
    'of %s, each is pending and firing in the same seconds',
    async (_, rules, series) => {
      const tests = sampled(series, 25).map((samples) => testOf(rules, samples));
      const { agrees, output } = await runPromtool(tests, promRules(rules));
      expect(agrees, output.slice(0, 5_000)).toBe(true);
      expect(count(tests, 'pending')).toBeGreaterThan(1_000);
      expect(count(tests, 'firing')).toBeGreaterThan(5_000);
    },
    120_000,
  );

  test('one second of difference is found out', async () => {
    const rules: Compared[] = [
      { of: 'last', windowMs: lookBack, comparison: 'above', threshold: 50, forSeconds: 20 },
    ];
    const samples = [0, 10, 20, 30].map((time) => ({ time: time * second, value: 60 }));
    const right = testOf(rules, samples);
    const patient = rules.map((rule) => ({ ...rule, forSeconds: 21 }));
    expect(await runPromtool([right], promRules(rules))).toMatchObject({ agrees: true });
    expect(await runPromtool([right], promRules(patient))).toMatchObject({ agrees: false });
  });
});

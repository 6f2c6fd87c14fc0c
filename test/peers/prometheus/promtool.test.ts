import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Aggregate } from '../../../src/domain/alerts/rule.ts';
import { createSampleWindow } from '../../../src/domain/alerts/windows/sampleWindow.ts';
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
  console.warn('SKIPPED: promtool is not on PATH, so nothing is compared with Prometheus here.');

const second = 1_000;

/**
 * Windows of half seconds over samples on whole ones, evaluated on whole ones, so that no sample lies at the start of a
 * window: there Prometheus 2 takes it in, and version 3 and we do not.
 */
const windowsMs = [30_500, 95_500, 275_500];

const functions: [of: Aggregate | number, call: (range: string) => string][] = [
  ['rate', (range) => `rate(${range})`],
  ['increase', (range) => `increase(${range})`],
  ['last', (range) => `last_over_time(${range})`],
  ['average', (range) => `avg_over_time(${range})`],
  ['min', (range) => `min_over_time(${range})`],
  ['max', (range) => `max_over_time(${range})`],
  ['sum', (range) => `sum_over_time(${range})`],
  ['count', (range) => `count_over_time(${range})`],
  [0, (range) => `quantile_over_time(0, ${range})`],
  [0.37, (range) => `quantile_over_time(0.37, ${range})`],
  [0.95, (range) => `quantile_over_time(0.95, ${range})`],
];

/** Regular scrapes with small jitter, gaps of many intervals, resets, and times without growth. */
const series: fc.Arbitrary<Sample[]> = fc
  .record({
    begin: fc.integer({ min: 0, max: 120 }),
    value: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1_000, max: 1e6 })),
    everySeconds: fc.constantFrom(1, 5, 10, 15, 30),
    steps: fc.array(
      fc.record({
        jitter: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 3 })),
        gap: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 12 })),
        grows: fc.oneof(
          { weight: 5, arbitrary: fc.integer({ min: 0, max: 100 }) },
          fc.integer({ min: 0, max: 4_000 }).map((quarters) => quarters / 4),
          fc.constant(0),
        ),
        reset: fc.nat({ max: 9 }).map((chance) => chance === 0),
      }),
      { minLength: 1, maxLength: 60 },
    ),
  })
  .map(({ begin, value, everySeconds, steps }) => {
    const samples = [{ time: begin * second, value }];
    let [at, now] = [begin, value];
    for (const { jitter, gap, grows, reset } of steps) {
      at += gap * everySeconds + jitter;
      now = reset ? grows : now + grows;
      samples.push({ time: at * second, value: now });
    }
    return samples;
  });

/**
 * Before 2.51, Prometheus looked where the counter would have been zero before it looked whether the start is far away, and
 * then stretched to beyond half an interval. Such windows say nothing about either version, so they are left out.
 */
function isToldDifferently(samples: readonly Sample[], start: number): boolean {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < 2) return false;
  const interval = (last.time - first.time) / (samples.length - 1);
  let grown = 0;
  for (const [index, { value }] of samples.entries()) {
    const before = samples[index - 1]?.value ?? value;
    grown += value < before ? value : value - before;
  }
  const sinceZero = (last.time - first.time) * (first.value / grown);
  const isFar = first.time - start >= interval * 1.1;
  return isFar && sinceZero > interval / 2 && sinceZero < interval * 1.1;
}

interface Compared {
  tests: ExpressionTest[];
  leftOut: number;
}

function comparisons(samples: readonly Sample[], windowMs: number): Compared {
  const window = createSampleWindow({ windowMs });
  for (const { time, value } of samples) window.add(time, value);
  const compared: Compared = { tests: [], leftOut: 0 };
  const last = samples.at(-1)?.time ?? 0;
  for (let at = 0; at <= last + windowMs + 30 * second; at += 37 * second) {
    window.advanceTo(at);
    const inWindow = samples.filter(({ time }) => time > at - windowMs && time <= at);
    for (const [of, call] of functions) {
      const isRate = of === 'rate' || of === 'increase';
      if (isRate && isToldDifferently(inWindow, at - windowMs)) compared.leftOut += 1;
      else compared.tests.push(expectation(call(`x[${duration(windowMs)}]`), at, window.aggregate(of)));
    }
  }
  return compared;
}

/** That version compares numbers to the last bit, so it is asked whether they are as good as equal. */
function expectation(expression: string, at: number, ours: number | undefined): ExpressionTest {
  const eval_time = duration(at);
  if (ours === undefined) return { expr: expression, eval_time, exp_samples: [] };
  const tolerance = Math.max(Math.abs(ours), 1) * 1e-12;
  return {
    expr: `abs(${expression} - (${ours})) < bool ${tolerance}`,
    eval_time,
    exp_samples: [{ labels: '{}', value: 1 }],
  };
}

const testOf = (samples: readonly Sample[], tests: ExpressionTest[]): PromtoolTest => ({
  interval: '1s',
  input_series: [inputSeries('x', samples, second)],
  promql_expr_test: tests,
});

describe.skipIf(!hasPromtool)('beside Prometheus', () => {
  test('every aggregate of a window of samples is the same, with resets, gaps and jitter', async () => {
    const all = fc.sample(series, { numRuns: 60, seed: 20_261_125 });
    const compared = all.flatMap((samples) =>
      windowsMs.map((windowMs) => ({ samples, ...comparisons(samples, windowMs) })),
    );
    const { agrees, output } = await runPromtool(
      compared.map(({ samples, tests }) => testOf(samples, tests)),
    );
    expect(agrees, output.slice(0, 5_000)).toBe(true);
    const asked = compared.flatMap(({ tests }) => tests);
    const rates = asked.filter(({ expr }) => /\b(rate|increase)\(/.test(expr));
    const leftOut = compared.reduce((sum, each) => sum + each.leftOut, 0);
    expect(rates.filter(({ exp_samples }) => exp_samples.length > 0).length).toBeGreaterThan(1_000);
    expect(leftOut).toBeLessThan(rates.length / 20);
  });

  test('a series is as it was seen last for five minutes, and then it is not there', async () => {
    const samples = [0, 15, 30, 200].map((at, index) => ({ time: at * second, value: index + 1 }));
    const window = createSampleWindow({ windowMs: 300 * second });
    for (const { time, value } of samples) window.add(time, value);
    const tests: ExpressionTest[] = [];
    for (let at = 0; at <= 600; at += 7) {
      window.advanceTo(at * second);
      const value = window.aggregate('last');
      const exp_samples = value === undefined ? [] : [{ labels: 'x', value }];
      tests.push({ expr: 'x', eval_time: duration(at * second), exp_samples });
    }
    const { agrees, output } = await runPromtool([testOf(samples, tests)]);
    expect(agrees, output).toBe(true);
  });

  test('a wrong number is found out', async () => {
    const samples = [0, 15, 30].map((at) => ({ time: at * second, value: at }));
    const wrong = expectation('increase(x[30s500ms])', 30 * second, 30.001);
    expect(await runPromtool([testOf(samples, [wrong])])).toMatchObject({ agrees: false });
    const right = expectation('increase(x[30s500ms])', 30 * second, 30);
    expect(await runPromtool([testOf(samples, [right])])).toMatchObject({ agrees: true });
  });
});

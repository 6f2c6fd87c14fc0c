import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advance,
  initialLimit,
  type LimitPolicy,
  type LimitState,
  type LimitVerdict,
  strictest,
  take,
} from '../../src/domain/limits.ts';

/** Carries out one request after the other and remembers what was let through, and when. */
function run(policy: LimitPolicy, requests: readonly { at: number; cost: number }[]) {
  let state: LimitState = initialLimit(policy, requests[0]?.at ?? 0);
  const verdicts: LimitVerdict[] = [];
  const passed: { at: number; cost: number }[] = [];
  for (const request of requests) {
    const taken = take(advance(state, policy, request.at), policy, request.cost);
    state = taken.state;
    verdicts.push(taken.verdict);
    if (taken.verdict.allowed) passed.push(request);
  }
  return { state, verdicts, passed };
}

const policies = fc.record({
  limit: fc.integer({ min: 1, max: 50 }),
  windowMs: fc.constantFrom(100, 1_000, 60_000),
  burst: fc.integer({ min: 1, max: 60 }),
});

const gaps = fc.array(
  fc.record({ gap: fc.double({ min: 0, max: 300, noNaN: true }), cost: fc.integer({ min: 1, max: 3 }) }),
  { minLength: 1, maxLength: 200 },
);

const timed = (steps: readonly { gap: number; cost: number }[], start = 1_000_000) => {
  let at = start;
  return steps.map(({ gap, cost }) => {
    at += gap;
    return { at, cost };
  });
};

const sum = (items: readonly { cost: number }[]): number =>
  items.reduce((total, item) => total + item.cost, 0);

describe('a limit', () => {
  test('is never passed in any window, wherever the window starts', () => {
    fc.assert(
      fc.property(policies, gaps, (policy, steps) => {
        const { passed } = run(policy, timed(steps));
        for (const { at: end } of passed) {
          const inside = passed.filter(({ at }) => at > end - policy.windowMs && at <= end);
          expect(sum(inside)).toBeLessThanOrEqual(policy.limit);
        }
      }),
    );
  });

  test('lets no more than the burst through at once, and refills it at the pace of the window', () => {
    fc.assert(
      fc.property(policies, gaps, (policy, steps) => {
        const { passed } = run(policy, timed(steps));
        for (const [index, { at: from }] of passed.entries()) {
          const end = passed.at(-1)?.at ?? from;
          const allowance = policy.burst + ((end - from) * policy.limit) / policy.windowMs;
          expect(sum(passed.slice(index))).toBeLessThanOrEqual(allowance + 1e-3);
        }
      }),
    );
  });

  test('gives the burst back after exactly as long as one token takes', () => {
    const policy = { limit: 600, windowMs: 60_000, burst: 2 };
    const at = 1_000_000;
    const { verdicts } = run(
      policy,
      [0, 0, 0, 99, 100, 100].map((after) => ({ at: at + after, cost: 1 })),
    );
    expect(verdicts.map((verdict) => verdict.allowed)).toEqual([true, true, false, false, true, false]);
    expect(verdicts[2]?.resetMs).toBeCloseTo(100, 6);
  });

  test('lets through whoever waits as long as it was told', () => {
    fc.assert(
      fc.property(policies, gaps, (policy, steps) => {
        const requests = timed(steps).filter(({ cost }) => cost <= Math.min(policy.limit, policy.burst));
        fc.pre(requests.length > 0);
        const { state, verdicts } = run(policy, requests);
        const [last, verdict] = [requests.at(-1), verdicts.at(-1)];
        if (last === undefined || verdict === undefined || verdict.allowed) return;
        const later = take(advance(state, policy, last.at + verdict.resetMs + 1e-6), policy, last.cost);
        expect(later.verdict.allowed).toBe(true);
      }),
    );
  });

  test('is whole again when the time that it names has gone by', () => {
    fc.assert(
      fc.property(policies, gaps, (policy, steps) => {
        const requests = timed(steps);
        const { state, verdicts } = run(policy, requests);
        const [last, verdict] = [requests.at(-1), verdicts.at(-1)];
        if (last === undefined || verdict === undefined || !verdict.allowed) return;
        const whole = advance(state, policy, last.at + verdict.resetMs + 1e-3);
        expect(whole.total).toBe(0);
        expect(whole.tokens).toBeCloseTo(policy.burst, 3);
      }),
    );
  });

  test('tells what is left, so that exactly so much passes at once', () => {
    fc.assert(
      fc.property(policies, gaps, (policy, steps) => {
        const requests = timed(steps);
        const at = requests.at(-1)?.at ?? 0;
        const { state, verdicts } = run(policy, requests);
        let current = state;
        let more = 0;
        for (;;) {
          const next = take(current, policy, 1);
          if (!next.verdict.allowed) break;
          current = next.state;
          more += 1;
        }
        expect(at).toBeGreaterThan(0);
        expect(verdicts.at(-1)?.remaining).toBe(more);
      }),
    );
  });

  test('a cost that never fits is refused and told to wait a window', () => {
    const { verdicts } = run({ limit: 10, windowMs: 1_000, burst: 5 }, [{ at: 5, cost: 6 }]);
    expect(verdicts).toEqual([{ allowed: false, limit: 10, remaining: 5, resetMs: 1_000 }]);
  });
});

describe('a clock that goes back', () => {
  test('by less than a window lets nothing more through', () => {
    const policy = { limit: 10, windowMs: 10_000, burst: 10 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_999 }), { maxLength: 200 }), (times) => {
        const { passed } = run(policy, [
          { at: 1_010_000, cost: 1 },
          ...times.map((t) => ({ at: 1_000_001 + t, cost: 1 })),
        ]);
        expect(sum(passed)).toBeLessThanOrEqual(policy.limit);
      }),
    );
  });

  test('by days keeps nobody out for days, and gives nothing away either', () => {
    const policy = { limit: 3, windowMs: 1_000, burst: 3 };
    const day = 86_400_000;
    const { verdicts } = run(
      policy,
      [10 * day, 10 * day, 10 * day, 2 * day, 2 * day + 1_100].map((at) => ({ at, cost: 1 })),
    );
    expect(verdicts.map((verdict) => verdict.allowed)).toEqual([true, true, true, false, true]);
  });
});

test('the strictest of two is the refusal, then the longer wait, then the smaller rest', () => {
  const verdict = (allowed: boolean, remaining: number, resetMs: number) => ({
    allowed,
    limit: 9,
    remaining,
    resetMs,
  });
  const pass = verdict(true, 5, 100);
  const refusal = verdict(false, 0, 50);
  expect(strictest(pass, refusal)).toBe(refusal);
  expect(strictest(refusal, pass)).toBe(refusal);
  expect(strictest(refusal, verdict(false, 0, 70)).resetMs).toBe(70);
  expect(strictest(pass, verdict(true, 2, 10)).remaining).toBe(2);
});

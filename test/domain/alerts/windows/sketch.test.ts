import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sketch } from '../../../../src/domain/alerts/windows/sketch.ts';
import { alertSchemas } from '../../../../src/domain/events/alerts.ts';

const milliseconds = fc.oneof(
  fc.double({ min: 0, max: 100_000, noNaN: true }),
  fc.integer({ min: 0, max: 3_000 }),
  fc.constantFrom(0, 1e-4, 1e-3, 1, 10, 1e6, 1e12),
);
const samples = fc.array(milliseconds, { maxLength: 200 });
const quantiles = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 0.5, 0.95, 0.99, 1),
);

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

const stateOf = (sketch: Sketch) => ({ ...sketch.encode(), count: sketch.count });

describe('a sketch', () => {
  it('tells every quantile within one hundredth of the true order statistic', () => {
    fc.assert(
      fc.property(fc.array(milliseconds, { minLength: 1, maxLength: 200 }), quantiles, (values, q) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
        const found = sketchOf(values).quantile(q) ?? Number.NaN;
        if (exact < 1e-3) expect(found).toBe(0);
        else expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.010_000_001);
      }),
    );
  });

  it('has the same state whatever the order and the portions of what was added', () => {
    const portions = samples.chain((values) =>
      fc.tuple(
        fc.constant(values),
        fc.shuffledSubarray(values, { minLength: values.length, maxLength: values.length }),
        fc.nat({ max: values.length }),
      ),
    );
    fc.assert(
      fc.property(portions, ([values, shuffled, cut]) => {
        const merged = sketchOf(shuffled.slice(cut));
        merged.merge(sketchOf(shuffled.slice(0, cut)));
        expect(stateOf(merged)).toEqual(stateOf(sketchOf(values)));
      }),
    );
  });

  it('is as before when what was merged is taken away again', () => {
    fc.assert(
      fc.property(samples, samples, (kept, gone) => {
        const sketch = sketchOf(kept);
        sketch.merge(sketchOf(gone));
        sketch.subtract(sketchOf(gone));
        expect(stateOf(sketch)).toEqual(stateOf(sketchOf(kept)));
      }),
    );
  });

  it('survives being written into evidence', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const encoded = sketchOf(values).encode();
        expect(alertSchemas.AlertSuspected.shape.evidence.shape.sketch.parse(encoded)).toEqual(encoded);
        expect(encoded.bins.map(([bin]) => bin)).toEqual(
          encoded.bins.map(([bin]) => bin).toSorted((a, b) => a - b),
        );
        expect(stateOf(Sketch.fromEncoded(JSON.parse(JSON.stringify(encoded))))).toEqual(
          stateOf(sketchOf(values)),
        );
      }),
    );
  });

  it('has no more bins than evidence has room for, whatever it is given', () => {
    const sketch = new Sketch();
    for (let exponent = -10; exponent < 300; exponent += 0.005) sketch.add(10 ** exponent);
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1]) sketch.add(odd);
    const { bins, zeros } = sketch.encode();
    expect(bins).toHaveLength(2_047);
    expect(zeros).toBe(1_400 + 2);
    expect(bins.reduce((sum, [, count]) => sum + count, zeros)).toBe(sketch.count);
  });

  it.each([
    { when: 'empty', values: [], q: 0.5, expected: undefined },
    { when: 'all zeros', values: [0, 0, 1e-9], q: 0.99, expected: 0 },
    { when: 'one value', values: [1], q: 0, expected: 1 / 1.01 + 0.000_1 },
  ])('$when: quantile $q is $expected', ({ values, q, expected }) => {
    const found = sketchOf(values).quantile(q);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 2);
  });

  it('refuses to give what it does not have, and a sketch of another accuracy', () => {
    expect(() => sketchOf([1]).subtract(sketchOf([1, 1]))).toThrow(RangeError);
    expect(() => Sketch.fromEncoded({ accuracy: 0.02, zeros: 0, bins: [] })).toThrow(RangeError);
  });
});

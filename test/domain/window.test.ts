import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isFault,
  piecesOf,
  readWindow,
  sourceForStep,
  stepFor,
  stepsOf,
  type Window,
  windowBefore,
} from '../../src/domain/window.ts';

const now = Date.UTC(2026, 0, 31, 12, 0, 0, 500);
const minute = 60_000;

/** Any window, those with ends on the edge of a step or next to it among them. */
const instants = fc.oneof(
  fc.integer({ min: 0, max: 40 * 24 * 60 }).map((minutes) => now - minutes * minute),
  fc.integer({ min: 0, max: 40 * 24 * 3_600_000 }).map((ms) => now - ms),
  fc
    .integer({ min: 0, max: 40 * 24 })
    .chain((hours) =>
      fc
        .constantFrom(-0.001, 0, 0.001)
        .map((off) => Math.floor(now / 3_600_000) * 3_600_000 - hours * 3_600_000 + off),
    ),
);
const windows = fc
  .tuple(instants, instants)
  .filter(([a, b]) => a !== b)
  .map(([a, b]): Window => ({ from: Math.min(a, b), to: Math.max(a, b) }));

describe('the pieces of a window', () => {
  it('cover it exactly once, without a gap', () => {
    fc.assert(
      fc.property(windows, fc.constantFrom('raw', 'minutes', 'hours'), (window, coarsest) => {
        const pieces = piecesOf(window, coarsest);
        expect(pieces[0]?.from).toBe(window.from);
        expect(pieces.at(-1)?.to).toBe(window.to);
        for (const [index, piece] of pieces.entries()) {
          expect(piece.to).toBeGreaterThan(piece.from);
          if (index > 0) expect(piece.from).toBe(pieces[index - 1]?.to);
        }
      }),
    );
  });

  it('lie on whole steps where they come from rollups', () => {
    fc.assert(
      fc.property(windows, (window) => {
        for (const { source, from, to } of piecesOf(window)) {
          const step = source === 'hours' ? 3_600_000 : source === 'minutes' ? minute : undefined;
          if (step !== undefined) expect([from % step, to % step]).toEqual([0, 0]);
        }
      }),
    );
  });

  it('read less than two minutes of raw events, however long the window is', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const raw = piecesOf(window).filter(({ source }) => source === 'raw');
        expect(raw.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThan(2 * minute);
      }),
    );
  });

  it('are few', () => {
    fc.assert(fc.property(windows, (window) => piecesOf(window).length <= 5));
    expect(piecesOf({ from: 5, to: 5 })).toEqual([]);
    expect(piecesOf({ from: 0, to: minute })).toEqual([{ source: 'minutes', from: 0, to: minute }]);
  });
});

describe('the steps of a window', () => {
  it('cover it, each next to the one before', () => {
    const steps = fc.constantFrom(1_000, 7_000, minute, 3_600_000, 86_400_000);
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 10_000_000 }), steps, (from, length, step) => {
        const found = stepsOf({ from, to: from + length }, step);
        expect(found[0]).toBeLessThanOrEqual(from);
        expect((found[0] ?? 0) + step).toBeGreaterThan(from);
        expect(found.at(-1)).toBeLessThan(from + length);
        expect((found.at(-1) ?? 0) + step).toBeGreaterThanOrEqual(from + length);
        expect(found.every((start, i) => start === (found[0] ?? 0) + i * step)).toBe(true);
      }),
    );
  });

  it('are chosen so that there are not too many', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const step = stepFor(window, 120);
        expect((window.to - window.from) / step).toBeLessThanOrEqual(120);
        expect(step % 1_000).toBe(0);
      }),
    );
    expect(stepFor({ from: 0, to: 3_600_000 }, 120)).toBe(30_000);
  });

  it('are read from the coarsest rows that fall into one step each', () => {
    expect([1_000, 30_000, minute, 5 * minute, 3_600_000, 7_200_000, 90 * minute].map(sourceForStep)).toEqual(
      ['raw', 'raw', 'minutes', 'minutes', 'hours', 'hours', 'minutes'],
    );
  });
});

describe('the window before', () => {
  it('is as long and ends where this one begins', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const before = windowBefore(window);
        expect(before.to).toBe(window.from);
        expect(before.to - before.from).toBe(window.to - window.from);
      }),
    );
  });
});

const at = (text: string): number => Date.parse(text);
const moment = 0.001;

describe('reading a window', () => {
  it.each([
    [{}, { from: now + moment - 3_600_000, to: now + moment }],
    [{ window: '30s' }, { from: now + moment - 30_000, to: now + moment }],
    [{ window: '7d' }, { from: now + moment - 7 * 86_400_000, to: now + moment }],
    [{ from: '2026-01-31T11:00:00Z' }, { from: at('2026-01-31T11:00:00Z'), to: now + moment }],
    [
      { from: '2026-01-31T11:00:00Z', window: '5m' },
      { from: at('2026-01-31T11:00:00Z'), to: at('2026-01-31T11:05:00Z') },
    ],
    [{ to: '2026-01-31T11:00:00Z' }, { from: at('2026-01-31T10:00:00Z'), to: at('2026-01-31T11:00:00Z') }],
    [
      { to: '1000000', window: '5m' },
      { from: 700_000, to: 1_000_000 },
    ],
    [
      { from: '1000.5', to: '2000.25' },
      { from: 1_000.5, to: 2_000.25 },
    ],
    [
      { from: '2026-01-31T12:00:00 02:00', window: '1h' },
      { from: at('2026-01-31T10:00:00Z'), to: at('2026-01-31T11:00:00Z') },
    ],
    [{ asOf: '5000000' }, { from: 5_000_000 + moment - 3_600_000, to: 5_000_000 + moment, asOf: 5_000_000 }],
    [
      { asOf: '5000000', from: '1000' },
      { from: 1_000, to: 5_000_000 + moment, asOf: 5_000_000 },
    ],
    [
      { asOf: '5000000', from: '1000', to: '9000000' },
      { from: 1_000, to: 9_000_000, asOf: 5_000_000 },
    ],
  ])('%j', (text, expected) => {
    expect(readWindow(text, now)).toEqual(expected);
  });

  it.each([
    [{ window: '1 hour' }, 'window'],
    [{ window: '-1h' }, 'window'],
    [{ window: '0s' }, 'window'],
    [{ window: '1h', from: '1', to: '2' }, 'window'],
    [{ window: '4000d' }, 'window'],
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2026-01-31T11:00:00' }, 'from'],
    [{ from: '2026-02-30T11:00:00Z' }, 'from'],
    [{ to: '' }, 'to'],
    [{ to: '-5' }, 'to'],
    [{ to: '99999999999999' }, 'to'],
    [{ asOf: 'now' }, 'asOf'],
    [{ from: '2000', to: '2000' }, 'from'],
    [{ from: '2030-01-01T00:00:00Z' }, 'from'],
  ])('refuses %j and names the parameter', (text, parameter) => {
    const found = readWindow(text, now);
    expect(isFault(found) && found.parameter).toBe(parameter);
  });

  it('never gives a window that is empty or turned round', () => {
    const text = fc.option(
      fc.oneof(
        fc.string(),
        fc.nat().map(String),
        fc.date().map((d) => (Number.isNaN(d.getTime()) ? 'x' : d.toISOString())),
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.option(fc.constantFrom('1s', '5m', '1h', '7d', 'x'), { nil: undefined }),
        (from, to, asOf, window) => {
          const found = readWindow({ from, to, asOf, window }, now);
          if (!isFault(found)) expect(found.to).toBeGreaterThan(found.from);
        },
      ),
    );
  });
});

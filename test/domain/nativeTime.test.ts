import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRfc3339, parseTime } from '../../src/domain/native/time.ts';

const now = Date.UTC(2026, 0, 31, 12);
const at = (text: string) => Date.parse(text);

describe('the time of an event', () => {
  it('agrees with the platform on every instant', () => {
    const instants = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, (date) => {
        expect(parseRfc3339(date.toISOString())).toBe(date.getTime());
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with the platform on what the calendar does not have', () => {
    const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
    const dates = fc.tuple(fc.integer({ min: 1890, max: 2110 }), two(13), two(32));
    fc.assert(
      fc.property(dates, ([year, month, day]) => {
        const text = `${year}-${month}-${day}T00:00:00.000Z`;
        const date = new Date(text);
        const exists = !Number.isNaN(date.getTime()) && date.toISOString() === text;
        expect(Number.isNaN(parseRfc3339(text))).toBe(!exists);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['2026-01-31T12:00:00Z', now],
    ['2026-01-31t12:00:00z', now],
    ['2026-01-31 12:00:00Z', now],
    ['2026-01-31T14:30:00+02:30', now],
    ['2026-01-31T00:00:00-12:00', now],
    ['2026-01-31T12:00:00.5Z', now + 500],
    ['2026-01-31T12:00:00.123456789Z', now + 123.456],
    ['2016-12-31T23:59:60Z', at('2017-01-01T00:00:00Z')],
    ['2016-12-31T23:59:60.9Z', at('2017-01-01T00:00:00Z')],
    ['2024-02-29T00:00:00Z', at('2024-02-29T00:00:00Z')],
  ])('%s', (text, expected) => {
    expect(parseTime(text, now)).toBe(expected);
  });

  it('takes epoch milliseconds to the microsecond', () => {
    expect(parseTime(now + 0.250_3, now)).toBe(now + 0.25);
  });

  it.each([
    ['2026-01-31T12:00:00', 'names no zone'],
    ['2026-01-31', 'RFC 3339'],
    ['2026-02-30T00:00:00Z', 'RFC 3339'],
    ['2023-02-29T00:00:00Z', 'RFC 3339'],
    ['2026-01-31T24:00:00Z', 'RFC 3339'],
    ['2026-01-31T12:00:61Z', 'RFC 3339'],
    ['2026-01-31T12:00:00.Z', 'RFC 3339'],
    ['2026-01-31T12:00:00+24:00', 'RFC 3339'],
    ['2026-01-31T12:00:00+0200', 'RFC 3339'],
    ['yesterday', 'RFC 3339'],
    ['1769860800000', 'in quotes'],
    ['1999-12-31T23:59:59Z', 'before the year 2000'],
    ['2026-02-01T12:00:00.001Z', 'more than a day ahead'],
    [1_769_860_800, 'is it in seconds?'],
    [1_769_860_800_000_000, 'is it in microseconds'],
    [-1, 'before the year 2000'],
  ])('%s is refused, and why', (time, why) => {
    expect(parseTime(time, now)).toContain(why);
  });
});

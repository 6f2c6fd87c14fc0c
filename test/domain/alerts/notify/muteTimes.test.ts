import { describe, expect, test } from 'vitest';
import { muteClock, mutedUntil } from '../../../../src/domain/alerts/notify/muteTimes.ts';
import type { MuteTime } from '../../../../src/domain/alerts/rule.ts';

const at = (text: string): number => Date.parse(text);
const time = (hours: number, minutes = 0): number => hours * 60 + minutes;
const mute = (over: Partial<MuteTime>): MuteTime => ({
  ...{ name: 'm', timeZone: 'Europe/Berlin', weekdays: [], from: time(22), to: time(6) },
  ...over,
});
const sunday = 0;
const friday = 5;

describe('a mute time', () => {
  // 2026: summer time in Berlin begins on 29 March at 01:00 UTC and ends on 25 October at 01:00 UTC.
  test.each([
    ['its first minute', {}, '2026-07-01T20:00:00Z', '2026-07-02T04:00:00Z'],
    ['the minute before', {}, '2026-07-01T19:59:59Z', undefined],
    ['its last moment', {}, '2026-07-02T03:59:59.999Z', '2026-07-02T04:00:00Z'],
    ['the moment after', {}, '2026-07-02T04:00:00Z', undefined],
    ['winter, an hour later in UTC', {}, '2026-12-01T21:00:00Z', '2026-12-02T05:00:00Z'],
    ['a night that loses an hour', {}, '2026-03-28T21:00:00Z', '2026-03-29T04:00:00Z'],
    ['a night that gains one', {}, '2026-10-24T20:00:00Z', '2026-10-25T05:00:00Z'],
    [
      'an hour that comes twice',
      { from: time(2), to: time(3) },
      '2026-10-25T00:00:00Z',
      '2026-10-25T02:00:00Z',
    ],
    [
      'a stretch whose beginning is skipped',
      { from: time(2, 30), to: time(3, 30) },
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:30:00Z',
    ],
    [
      'past midnight, by the day it began on',
      { weekdays: [friday] },
      '2026-07-04T01:00:00Z',
      '2026-07-04T04:00:00Z',
    ],
    ['past midnight into that day', { weekdays: [friday] }, '2026-07-03T01:00:00Z', undefined],
    ['past the end of the week', { weekdays: [6] }, '2026-07-04T23:00:00Z', '2026-07-05T04:00:00Z'],
    [
      'a whole day',
      { weekdays: [sunday], from: 0, to: time(24) },
      '2026-07-05T10:00:00Z',
      '2026-07-05T22:00:00Z',
    ],
    [
      'a whole day from midnight to midnight',
      { weekdays: [sunday], from: 0, to: 0 },
      '2026-07-05T10:00:00Z',
      '2026-07-05T22:00:00Z',
    ],
    [
      'an offset of three quarters',
      { timeZone: 'Asia/Kathmandu' },
      '2026-07-01T16:15:00Z',
      '2026-07-02T00:15:00Z',
    ],
    [
      'a minute of its own',
      { from: time(9, 7), to: time(9, 8) },
      '2026-07-01T07:07:30Z',
      '2026-07-01T07:08:00Z',
    ],
  ])('knows %s', (_, over, moment, end) => {
    const clock = muteClock(mute(over));
    expect(clock.covers(at(moment))).toBe(end !== undefined);
    expect(mutedUntil([clock], at(moment))).toBe(end === undefined ? at(moment) : at(end));
  });

  test('ends where those that follow it end', () => {
    const weekend = { weekdays: [6, sunday], from: 0, to: time(24) };
    const clocks = [mute({}), mute(weekend)].map(muteClock);
    expect(mutedUntil(clocks, at('2026-07-03T21:00:00Z'))).toBe(at('2026-07-06T04:00:00Z'));
  });

  test('without an end has none', () => {
    expect(
      mutedUntil([muteClock(mute({ from: 0, to: time(24) }))], at('2026-07-03T21:00:00Z')),
    ).toBeUndefined();
  });
});

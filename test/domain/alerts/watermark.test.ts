import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Watermark } from '../../../src/domain/alerts/watermark.ts';

const settings = { latenessMs: 1_000, idleMs: 5_000 };

/** Source, its time and when it was recorded, in seconds; how far the events are complete after each. */
type Sent = [source: string, time: number, recorded: number];

function followed(sent: readonly Sent[], watermark = new Watermark(settings)): number[] {
  return sent.map(([source, time, recorded]) => {
    if (watermark.observe(source, time * 1_000, recorded * 1_000)) watermark.advance();
    return watermark.at / 1_000;
  });
}

describe('the watermark', () => {
  const cases: [name: string, sent: Sent[], expected: number[]][] = [
    [
      'follows its only source, less the lateness',
      [
        ['a', 10, 10],
        ['a', 12, 12],
      ],
      [9, 11],
    ],
    [
      'never goes back',
      [
        ['a', 10, 10],
        ['a', 8, 10],
        ['b', 3, 11],
        ['a', 11, 11],
      ],
      [9, 9, 9, 9],
    ],
    [
      'waits for the slower of two',
      [
        ['a', 10, 10],
        ['b', 10, 10],
        ['a', 14, 14],
        ['b', 12, 14],
      ],
      [9, 9, 9, 11],
    ],
    [
      'does not wait for who has sent nothing for the idle time',
      [
        ['a', 10, 10],
        ['b', 10, 10],
        ['a', 14.9, 14.9],
        ['a', 15, 15],
      ],
      [9, 9, 9, 14],
    ],
    [
      'waits again for who comes back, without going back',
      [
        ['a', 10, 10],
        ['b', 10, 10],
        ['a', 20, 20],
        ['b', 18, 20],
        ['a', 22, 22],
        ['b', 22, 22],
      ],
      [9, 9, 19, 19, 19, 21],
    ],
    [
      'does not wait for who is more than half a minute behind, and catches up',
      [
        ['a', 200, 200],
        ['b', 169.9, 200],
        ['a', 201, 201],
        ['b', 170.9, 201],
        ['a', 202, 202],
      ],
      [199, 199, 200, 200, 201],
    ],
    [
      'waits for who has caught up',
      [
        ['a', 200, 200],
        ['b', 180, 200],
        ['a', 201, 201],
        ['b', 190, 202],
        ['a', 204, 204],
      ],
      [199, 199, 199, 199, 199],
    ],
  ];
  test.each(cases)('%s', (_, sent, expected) => {
    expect(followed(sent)).toEqual(expected);
  });

  test('passes by the clock when nobody sends', () => {
    const watermark = new Watermark(settings);
    followed([['a', 10, 10]], watermark);
    expect(watermark.advanceClock(12_000, 13_000)).toBe(9_000);
    expect(watermark.advanceClock(14_000, 15_000)).toBe(14_000);
    expect(watermark.advanceClock(13_000, 16_000)).toBe(14_000);
    expect(followed([['a', 14.5, 16]], watermark)).toEqual([14]);
  });

  test('knows who has been silent at a time', () => {
    const watermark = new Watermark(settings);
    followed([['a', 10, 10]], watermark);
    expect(watermark.isSilent('a', 69_999, 60_000)).toBe(false);
    expect(watermark.isSilent('a', 70_000, 60_000)).toBe(true);
    expect(watermark.isSilent('b', 0, 60_000)).toBe(true);
  });

  test('does not know more sources than it has room for, however many there are for a moment', () => {
    const watermark = new Watermark(settings);
    for (let one = 0; one < 30_000; one++) {
      const time = one * 100;
      if (watermark.observe(`s${one}`, time, time)) watermark.advance();
    }
    const { sending, idle } = watermark.save();
    expect(sending.length).toBeLessThanOrEqual(settings.idleMs / 100 + 1);
    expect(idle).toHaveLength(10_000);
    expect(watermark.isSilent('s29999', 29_999 * 100, 60_000)).toBe(false);
    expect(watermark.isSilent(idle.at(-1)?.[0] ?? '', 29_999 * 100, 60_000)).toBe(false);
  });

  test('takes other settings up with the next event', () => {
    const watermark = new Watermark(settings);
    followed(
      [
        ['a', 10, 10],
        ['b', 10, 10],
      ],
      watermark,
    );
    watermark.use({ latenessMs: 0, idleMs: 5_000 });
    expect(followed([['b', 10, 10.1]], watermark)).toEqual([10]);
  });

  const sources = fc.constantFrom('a', 'b', 'c', 'd');
  const moves = fc.array(
    fc.record({
      source: sources,
      pause: fc.constantFrom(0, 0.1, 1, 3, 7, 130),
      delay: fc.constantFrom(0, 0, 0, 0.5, 4, 119, 121, 4_000),
      isClock: fc.nat({ max: 9 }).map((chance) => chance === 0),
    }),
    { maxLength: 80 },
  );

  test('is what looking at every source each time would give, and the same after being restored', () => {
    fc.assert(
      fc.property(moves, fc.nat({ max: 80 }), (all, cutAt) => {
        let watermark = new Watermark(settings);
        const seen = new Map<string, { newest: number; heard: number }>();
        let [now, leader, plain] = [100_000, 0, Number.NEGATIVE_INFINITY];
        all.forEach(({ source, pause, delay, isClock }, index) => {
          now += pause;
          if (index === cutAt)
            watermark = Watermark.load(JSON.parse(JSON.stringify(watermark.save())), settings);
          if (!isClock) {
            const time = now - delay;
            if (watermark.observe(source, time * 1_000, now * 1_000)) watermark.advance();
            seen.set(source, { newest: Math.max(time, seen.get(source)?.newest ?? time), heard: now });
            leader = Math.max(leader, time);
          } else watermark.advanceClock((now - 2) * 1_000, now * 1_000);
          const holding = [...seen.values()].filter(
            ({ newest, heard }) => (now - heard) * 1_000 < settings.idleMs && newest >= leader - 30,
          );
          const least = Math.min(...holding.map(({ newest }) => newest - 1));
          if (Number.isFinite(least)) plain = Math.max(plain, least);
          else if (isClock) plain = Math.max(plain, now - 2);
          expect(watermark.at / 1_000).toBeCloseTo(plain, 6);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

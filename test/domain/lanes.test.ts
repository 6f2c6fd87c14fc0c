import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laneKey, laneOf, murmur2 } from '../../src/domain/lanes.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('the lane of an event', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('goes by the hash that every client of Kafka has: %s', (text, hash) => {
    expect(murmur2(bytesOf(text))).toBe(hash);
  });

  it('is one of them, and the same whenever it is asked for', () => {
    const name = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(name, name, fc.integer({ min: 1, max: 1_024 }), (project, service, lanes) => {
        const lane = laneOf({ project, service }, lanes);
        expect(Number.isInteger(lane) && lane >= 0 && lane < lanes).toBe(true);
        expect(laneOf({ project, service }, lanes)).toBe(lane);
      }),
    );
  });

  it('is that of its project and service, whatever else it carries', () => {
    const event = { project: 'shop', service: 'bot', id: 'x', requestId: 'r' };
    expect(laneOf(event, 64)).toBe(laneOf({ project: 'shop', service: 'bot' }, 64));
    expect(laneKey({ project: 'a', service: 'bc' })).not.toBe(laneKey({ project: 'ab', service: 'c' }));
  });

  it('spreads many services over all of them', () => {
    const lanes = 16;
    const filled = Array.from({ length: lanes }, () => 0);
    for (let i = 0; i < 8_000; i++) {
      const lane = laneOf({ project: 'p', service: `service-${i}` }, lanes);
      filled[lane] = (filled[lane] ?? 0) + 1;
    }
    expect(Math.min(...filled)).toBeGreaterThan(350);
    expect(Math.max(...filled)).toBeLessThan(650);
  });
});

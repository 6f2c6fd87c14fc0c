import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reordering } from '../../../../src/domain/alerts/backtest/order.ts';
import type { RecordedEvent } from '../../../../src/domain/events/envelope.ts';
import { inOrder, recorded, start } from './support.ts';

function reordered(events: readonly RecordedEvent[]): RecordedEvent[] {
  const found: RecordedEvent[] = [];
  const order = new Reordering((event) => found.push(event));
  for (const event of events) order.gather(event);
  order.gatheringEnds();
  for (const event of events) order.add(event);
  order.end();
  return found;
}

const sortedAtOnce = (events: readonly RecordedEvent[]): string[] =>
  events
    .map((event, place) => ({ event, place, at: Math.min(event.occurredAt, event.recordedAt) }))
    .sort((a, b) => a.at - b.at || a.place - b.place)
    .map(({ event, at }) => `${event.id} ${at}`);

describe('reordering', () => {
  it('gives what sorting everything at once would, whatever came late', () => {
    const one = fc.record({
      at: fc.nat(20_000_000),
      delay: fc.oneof(fc.nat(500), fc.nat(70_000), fc.nat(10_000_000), fc.integer({ min: -90_000, max: 0 })),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 300 }), (ones) => {
        const events = inOrder(
          ones.map(({ at, delay }) => recorded('LogWritten', start + at, { recordedAt: start + at + delay })),
        );
        expect(reordered(events).map(({ id, recordedAt }) => `${id} ${recordedAt}`)).toEqual(
          sortedAtOnce(events),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('holds back only what may still be overtaken', () => {
    const events = inOrder(
      Array.from({ length: 50_000 }, (_, n) =>
        recorded('LogWritten', start + n * 100, { recordedAt: start + n * 100 + ((n * 7919) % 500) }),
      ),
    );
    let emitted = 0;
    const order = new Reordering(() => emitted++);
    for (const event of events) order.gather(event);
    order.gatheringEnds();
    let most = 0;
    events.forEach((event, index) => {
      order.add(event);
      most = Math.max(most, index + 1 - emitted);
    });
    order.end();
    expect(emitted).toBe(50_000);
    expect(most).toBeLessThan(6_000);
  });
});

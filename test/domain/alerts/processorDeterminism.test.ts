import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../src/domain/alerts/processor/decision.ts';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import { type AlertEventType, alertSchemas } from '../../../src/domain/events/alerts.ts';
import { decided, inWords } from '../../support/alertEvents.ts';
import { logs, manyRules, restarted } from './processorEvents.ts';

const asSaved = (processor: AlertProcessor): unknown => JSON.parse(JSON.stringify(processor.save()));

describe('what is decided from the same log', () => {
  test('is the same to the byte, however often it is stopped and restored', () => {
    let steps = 0;
    fc.assert(
      fc.property(logs(60), fc.array(fc.nat({ max: 400 }), { maxLength: 8 }), (events, cuts) => {
        const through = new AlertProcessor({ rules: manyRules });
        let cut = new AlertProcessor({ rules: manyRules });
        const [whole, pieces]: [Decision[], Decision[]] = [[], []];
        events.forEach((event, index) => {
          if (cuts.includes(index)) {
            cut = restarted(cut, manyRules);
            expect(asSaved(cut)).toEqual(asSaved(through));
          }
          whole.push(...through.observe(event));
          pieces.push(...cut.observe(event));
        });
        steps += whole.length;
        expect(pieces.map(inWords)).toEqual(whole.map(inWords));
        expect(JSON.stringify(pieces)).toBe(JSON.stringify(whole));
      }),
      { numRuns: 150 },
    );
    expect(steps).toBeGreaterThan(500);
  });

  test('fits the schema of its event, has a number in its episode, and an id of its own', () => {
    const types = new Set<string>();
    fc.assert(
      fc.property(logs(60), (events) => {
        const processor = new AlertProcessor({ rules: manyRules });
        const ids = new Set<string>();
        const numbers = new Map<string, number>();
        for (const { event } of decided(processor, events)) {
          const data = event.data as { episode?: string; number?: number };
          const schema = alertSchemas[event.type as AlertEventType];
          expect(schema.safeParse(data).error, event.type).toBeUndefined();
          expect(ids.has(event.id)).toBe(false);
          ids.add(event.id);
          types.add(event.type);
          if (data.episode === undefined) continue;
          expect(data.number).toBe((numbers.get(data.episode) ?? 0) + 1);
          numbers.set(data.episode, data.number ?? 0);
        }
      }),
      { numRuns: 150, seed: 20_261_125 },
    );
    // Amendments come about as well, but not in every such sample.
    types.delete('AlertAmended');
    expect([...types].sort()).toEqual([
      'AlertDataLost',
      'AlertDataReturned',
      'AlertDismissed',
      'AlertFired',
      'AlertRecoveryBegan',
      'AlertRelapsed',
      'AlertResolved',
      'AlertSeverityChanged',
      'AlertSuspected',
    ]);
  });

  test('goes forward in time, one alert after the other', () => {
    fc.assert(
      fc.property(logs(60), (events) => {
        const processor = new AlertProcessor({ rules: manyRules });
        const last = new Map<string, number>();
        for (const event of events) {
          const before = new Map([...processor.projects].map(([name, { watermark }]) => [name, watermark]));
          for (const { stream, event: made } of processor.observe(event)) {
            const watermark = processor.projects.get(made.project)?.watermark ?? 0;
            expect(made.occurredAt).toBeGreaterThan(before.get(made.project) ?? Number.NEGATIVE_INFINITY);
            expect(made.occurredAt).toBeLessThanOrEqual(watermark);
            expect(made.occurredAt).toBeGreaterThanOrEqual(last.get(stream) ?? 0);
            last.set(stream, made.occurredAt);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('of one project does not depend on what happens in others', () => {
    fc.assert(
      fc.property(logs(60), (events) => {
        const together = decided(new AlertProcessor({ rules: manyRules }), events);
        for (const project of ['one', 'two']) {
          const own = events.filter((event) => event.project === project);
          const alone = decided(new AlertProcessor({ rules: manyRules }), own);
          const shared = together.filter(({ event }) => event.project === project);
          expect(JSON.stringify(shared)).toBe(JSON.stringify(alone));
        }
      }),
      { numRuns: 60 },
    );
  });
});

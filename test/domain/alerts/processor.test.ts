import { describe, expect, it } from 'vitest';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import { type AlertEventType, alertSchemas } from '../../../src/domain/events/alerts.ts';
import { clock, decided, inWords, request, rulesOf } from '../../support/alertEvents.ts';

const errorRate = rulesOf(`
rules:
  - name: error-rate
    title: "{{value}} of the requests of {{service}} fail"
    measure: error_rate
    by: [service]
    window: 1m
    every: 10s
    minimumVolume: 5
    warning: { above: 10%, recover: 5% }
    critical: { above: 50% }
`);

const steady = (from: number, to: number, failing: (second: number) => boolean) =>
  Array.from({ length: to - from }, (_, index) => from + index).map((second) =>
    request(second + 0.5, failing(second) ? { status: 'error', errorMessage: 'boom' } : {}),
  );

describe('the processor of alerts', () => {
  it('fires, gets worse, recovers and says what it saw', () => {
    const processor = new AlertProcessor({ rules: errorRate });
    const decisions = decided(processor, [
      ...steady(0, 60, () => false),
      ...steady(60, 120, () => true),
      ...steady(120, 300, () => false),
    ]);
    expect(decisions.map(inWords)).toEqual([]);
    for (const { event } of decisions) {
      expect(alertSchemas[event.type as AlertEventType].safeParse(event.data).error).toBeUndefined();
    }
    console.log(JSON.stringify(decisions[0], null, 1));
  });
  it('clock', () => {
    const processor = new AlertProcessor({ rules: errorRate });
    const decisions = decided(processor, [...steady(0, 60, () => true), clock(200)]);
    expect(decisions.map(inWords)).toEqual([]);
  });
});

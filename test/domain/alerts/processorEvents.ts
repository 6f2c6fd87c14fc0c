import fc from 'fast-check';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { RuleSet } from '../../../src/domain/alerts/rule.ts';
import { builtinRules } from '../../../src/domain/alerts/rules/builtin.ts';
import type { EventType } from '../../../src/domain/events/catalogue.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { at, clock, happened, rulesOf } from '../../support/alertEvents.ts';

/** Random stretches of a log: several services and projects, pauses, delays, bursts, and rules that they set off. */

const quickRules = `
  - { name: quick-failures, measure: failed_requests, by: [service, operation], window: 20s, every: 1s,
      warning: { above: 1, recover: 0, for: 3s }, critical: { above: 4, recover: 2 }, keepFiringFor: 5s }
  - { name: quick-rate, measure: error_rate, by: [service], window: 30s, every: 2s, minimumVolume: 2, noData: resolve,
      warning: { above: 20% }, critical: { above: 60% } }
  - { name: any-failure, measure: failed_requests, by: [service], window: 10m, every: 2s, warning: { atLeast: 1 } }
  - { name: slow-lately, measure: latency max, window: 10s, every: 1s, minimumVolume: 1, keepFiringFor: 30s,
      info: { above: 1s }, critical: { above: 4s, recover: 2s } }
  - { name: few-requests, measure: requests, window: 10s, every: 1s, info: { below: 1, for: 4s } }
  - { name: quick-latency, measure: latency p50, by: [operation], window: 20s, every: 1s, minimumVolume: 1,
      warning: { above: 200ms, recover: 100ms } }
  - { name: queue, measure: { metric: queue_depth, aggregate: average }, by: [service, host], window: 15s, every: 1s,
      noData: fire, warning: { above: 50, recover: 40 }, critical: { above: 90, for: 4s } }
  - { name: growth, measure: { metric: queue_depth, aggregate: increase }, window: 15s, every: 5s, info: { above: 20 } }
  - { name: many-errors, measure: errors, by: [error_code], window: 10s, every: 1s, warning: { above: 2 } }
  - { name: log-lines, measure: logs, select: { level: error }, window: 10s, every: 1s, info: { atLeast: 2 } }
  - { name: quiet-soon, measure: silence, by: [service], window: 2m, every: 1s, warning: { above: 20s, recover: 5s } }
  - { name: burns, measure: { burnRate: { objective: 90%, long: 1m, short: 10s } }, by: [service], every: 2s,
      minimumVolume: 1, critical: { above: 2, recover: 1 } }
  - { name: seen-first, measure: new_error, by: [service, fingerprint], window: 30s, every: 1s,
      info: { atLeast: 2 }, warning: { atLeast: 5 } }
`;

export const manyRules: RuleSet = rulesOf(builtinRules.replace('\ninhibit:', `\n${quickRules}\ninhibit:`));
export const manyRulesText = builtinRules.replace('\ninhibit:', `\n${quickRules}\ninhibit:`);

const services = ['bot', 'api', 'worker'];

const kinds: fc.Arbitrary<[EventType, object]> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        operation: fc.constantFrom('search', 'issue.create'),
        status: fc.constantFrom('success', 'success', 'error', 'timeout'),
        durationMs: fc.constantFrom(5, 90, 240, 2_500, 6_000),
        errorMessage: fc.constantFrom('boom', 'no route'),
      })
      .map(({ errorMessage, ...rest }): [EventType, object] => [
        'RequestCompleted',
        rest.status === 'success' ? rest : { ...rest, errorMessage },
      ]),
  },
  fc
    .record({ message: fc.constantFrom('a', 'b', 'c'), errorCode: fc.constantFrom('E1', 'E2') })
    .map((data): [EventType, object] => ['ErrorCaptured', data]),
  fc
    .constantFrom('info', 'error')
    .map((level): [EventType, object] => ['LogWritten', { level, message: 'x' }]),
  fc
    .record({ value: fc.integer({ min: 0, max: 130 }), host: fc.constantFrom('a', 'b') })
    .map(({ value, host }): [EventType, object] => ['MetricRecorded', { value, attributes: { host } }]),
  fc
    .record({
      name: fc.constantFrom('users-db', 'disk'),
      state: fc.constantFrom('healthy', 'degraded', 'unhealthy'),
    })
    .map((data): [EventType, object] => ['HealthChecked', data]),
  fc
    .constantFrom('succeeded', 'failed', 'missed', 'started')
    .map((state): [EventType, object] => ['JobRecorded', { state }]),
  fc
    .integer({ min: 0, max: 5_000 })
    .map((remaining): [EventType, object] => [
      'RateLimitObserved',
      { name: 'core', remaining, limit: 5_000 },
    ]),
  fc.constant<[EventType, object]>(['DeployRecorded', { name: 'v2' }]),
);

interface Step {
  pause: number;
  repeat: number;
  delay: number;
  service: string;
  project: string;
  kind: [EventType, object];
  isClock: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  pause: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 0.1, 0.5, 1, 2, 3) },
    { weight: 2, arbitrary: fc.constantFrom(8, 17, 45) },
    { weight: 1, arbitrary: fc.constantFrom(400, 4_000) },
  ),
  repeat: fc.constantFrom(1, 1, 2, 5, 25),
  /** Negative ones come from a clock that is ahead. */
  delay: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constantFrom(0.2, 0.9, 1.5, -30) },
    { weight: 2, arbitrary: fc.constantFrom(6, 40, 40, 130, 2_000) },
  ),
  service: fc.constantFrom(...services),
  project: fc.constantFrom('one', 'one', 'one', 'two'),
  kind: kinds,
  isClock: fc.integer({ min: 0, max: 14 }).map((chance) => chance === 0),
});

export const logs = (maxLength: number): fc.Arbitrary<RecordedEvent[]> =>
  fc.array(step, { minLength: 1, maxLength }).map((steps) => {
    const events: RecordedEvent[] = [];
    let now = 100_000;
    for (const { pause, repeat, delay, service, project, kind, isClock } of steps) {
      now += pause;
      if (isClock) {
        events.push({ ...clock(now - 1, project), recordedAt: at(now) });
        continue;
      }
      for (let left = repeat; left > 0; left -= 1) {
        const [type, data] = kind;
        const userId = `u${left}`;
        events.push(happened(type, now - delay, { recorded: now, service, project, userId, data }));
        now += 0.05;
      }
    }
    return events;
  });

/** As a restart finds it. */
export const restarted = (processor: AlertProcessor, rules?: RuleSet): AlertProcessor =>
  new AlertProcessor({
    ...(rules !== undefined && { rules }),
    saved: JSON.parse(JSON.stringify(processor.save())),
  });

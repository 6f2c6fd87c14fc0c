import { AlertProcessor } from '../../../../src/domain/alerts/processor/processor.ts';
import type { EventType } from '../../../../src/domain/events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../../../../src/domain/events/envelope.ts';
import { at, happened, recorded } from '../../../support/alertEvents.ts';
import { type Chance, chance, hashOf, warmUp } from './lanes.ts';

/**
 * A log of some minutes at the same hour of several days: hundreds of services in three projects, clocks that are wrong,
 * events that come late, rules that change, a start of the engine, people who end alerts, and the alerts themselves.
 */

const metrics = ['last', 'average', 'min', 'max', 'sum', 'count', 'rate', 'increase', 'p90']
  .map(
    (aggregate) => `
  - { name: depth-${aggregate}, measure: { metric: depth, aggregate: ${aggregate} }, by: [host], window: 20s, every: 1s,
      noData: resolve, warning: { above: ${aggregate === 'rate' || aggregate === 'count' ? 2 : 50} }, critical: { above: 200 } }`,
  )
  .join('');

const firstRules = `rules:
  - { name: failures, measure: failed_requests, by: [service, operation], window: 20s, every: 1s, noData: resolve,
      warning: { above: 1, recover: 0, for: 2s }, critical: { above: 4, recover: 2 }, keepFiringFor: 5s }
  - { name: rate, measure: error_rate, window: 30s, every: 2s, minimumVolume: 2, noData: keep,
      warning: { above: 10% }, critical: { above: 20% } }
  - { name: slow, measure: latency p95, by: [operation], window: 20s, every: 1s, minimumVolume: 1, noData: resolve,
      warning: { above: 2s }, critical: { above: 5s } }
  - { name: average, measure: latency average, by: [service], window: 20s, every: 1s, minimumVolume: 1, noData: resolve,
      warning: { above: 1s } }
  - { name: quiet, measure: silence, by: [service], window: 1m, every: 2s, noData: resolve,
      warning: { above: 20s, recover: 5s } }
  - { name: burns, measure: { burnRate: { objective: 90%, long: 1m, short: 10s, slowerThan: 3s } }, by: [service],
      every: 2s, minimumVolume: 1, noData: resolve, critical: { above: 2, recover: 1 } }
  - { name: seen-first, measure: new_error, by: [fingerprint], window: 30s, every: 1s, info: { atLeast: 2 } }
  - { name: many-errors, measure: errors, by: [error_code], window: 10s, every: 1s, noData: resolve,
      warning: { above: 1 } }
  - { name: lines, measure: logs, select: { level: error }, window: 10s, every: 1s, noData: resolve, info: { atLeast: 3 } }
  - { name: runs, measure: job, by: [name], window: 10m, every: 1s, noData: resolve, info: { atLeast: 1 } }
  - { name: checks, measure: health, by: [name], window: 2m, every: 1s, noData: resolve, info: { atLeast: degraded } }
  - { name: limits, measure: rate_limit, by: [name], window: 2m, every: 1s, noData: resolve, info: { below: 10% } }
  - { name: odd-requests, measure: { anomaly: requests, days: 7 }, window: 1m, every: 10s, noData: resolve,
      info: { above: 3 } }
  - { name: odd-errors, measure: { anomaly: error_rate, days: 7 }, by: [service], window: 1m, every: 10s,
      noData: resolve, info: { above: 3 } }
  - { name: odd-latency, measure: { anomaly: latency, days: 7 }, by: [operation], window: 1m, every: 10s,
      noData: resolve, info: { above: 1 } }
`;

const laterRules = `${firstRules.replace('name: rate, measure: error_rate, window: 30s', 'name: rate, measure: error_rate, window: 40s')}${metrics}`;

const operations = ['search', 'pay', 'login'];
const projects = ['alpha', 'beta', 'gamma'];

interface Source {
  project: string;
  service: string;
  /** Seconds. */
  skew: number;
}

const sources = ({ below, next }: Chance, count: number): Source[] =>
  Array.from({ length: count }, (_, index) => ({
    project: projects[index % 3] ?? '',
    service: `service-${index}`,
    skew: below(12) === 0 ? next() * 60 - 40 : 0,
  }));

/** More goes wrong on the last day. */
function madeOf({ below, of, next }: Chance, isBad: boolean): [EventType, object] {
  const kind = below(20);
  if (kind < 11) {
    const status = below(isBad ? 3 : 12) === 0 ? of(['error', 'timeout']) : 'success';
    const durationMs = Math.round(next() * next() * (isBad ? 9_000 : 2_000) * 1_000) / 1_000;
    const errorMessage = status === 'success' ? {} : { errorMessage: of(['boom', 'no route', 'bad key']) };
    return ['RequestCompleted', { operation: of(operations), status, durationMs, ...errorMessage }];
  }
  if (kind < 15)
    return ['MetricRecorded', { name: 'depth', value: next() * 60, attributes: { host: of(['a', 'b']) } }];
  switch (kind) {
    case 15:
      return ['ErrorCaptured', { message: of(['lost', 'broken', 'gone']), errorCode: of(['E1', 'E2']) }];
    case 16:
      return ['LogWritten', { level: of(['info', 'error']), message: 'x' }];
    case 17:
      return [
        'JobRecorded',
        { name: of(['nightly', 'hourly']), state: of(['succeeded', 'failed', 'started']) },
      ];
    case 18:
      return below(2) === 0
        ? ['HealthChecked', { name: of(['disk', 'db']), state: of(['healthy', 'degraded', 'unhealthy']) }]
        : ['RateLimitObserved', { name: 'core', remaining: below(5_000), limit: 5_000 }];
    default:
      return ['DeployRecorded', { name: `v${below(100)}` }];
  }
}

export function storyOf(
  seed: number,
  size: { services: number; days: number; eventsADay: number },
): RecordedEvent[] {
  const random = chance(seed);
  const all = sources(random, size.services);
  const log: RecordedEvent[] = [];
  const live = new AlertProcessor();
  const fired: { project: string; episode: string }[] = [];
  let now = 1_000;

  function add(event: RecordedEvent): void {
    log.push(event);
    const decisions = live.observe(event);
    warmUp(live, log, event);
    for (const { event: made } of decisions) {
      // What has been decided stands in the log as well.
      log.push(recorded(made as NewEvent, at(now)));
      if (made.type === 'AlertFired' && 'episode' in made.data)
        fired.push({ project: made.project, episode: made.data.episode });
    }
  }
  const say = (type: EventType, data: object, project = 'alpha') =>
    add(happened(type, now, { project, service: 'chronoscope', data }));
  const useRules = (text: string, revision: number) =>
    say('RulesChanged', { revision, source: 'api', by: 'ann', text, versions: {} });

  useRules(firstRules, 1);
  say('EngineStarted', { version: '1.0.0' });
  for (let day = 0; day < size.days; day += 1) {
    now = Math.max(now + 60, 1_000 + day * 86_400);
    for (let count = 0; count < size.eventsADay; count += 1) {
      now += random.below(40) === 0 ? random.next() * 2 : random.next() * 0.06;
      const place = day * size.eventsADay + count;
      if (place === Math.floor(size.eventsADay * 1.5)) useRules(laterRules, 2);
      if (place === Math.floor(size.eventsADay * (size.days - 0.4))) useRules(firstRules, 3);
      if (place === Math.floor(size.eventsADay * (size.days - 0.7))) {
        now += 30;
        say('EngineStarted', { version: '1.0.1' });
      }
      if (random.below(150) === 0) say('ClockAdvanced', { to: at(now - 0.5) }, random.of(projects));
      if (random.below(60) === 0 && fired.length > 0) {
        const { project, episode } = random.of(fired);
        say('AlertResolutionRequested', { episode, by: 'ann' }, project);
      }
      const source = random.of(all);
      const delay = random.below(6) === 0 ? random.of([0.2, 0.7, 3, 25, 70, 4_000]) : 0;
      const [type, data] = madeOf(random, day === size.days - 1);
      const { project, service, skew } = source;
      const userId = `u${random.below(50)}`;
      const requestId = `r${random.below(400)}-${hashOf(service) % 7}`;
      add(happened(type, now - delay + skew, { recorded: now, project, service, userId, requestId, data }));
    }
    now += 5;
    for (const project of projects) say('ClockAdvanced', { to: at(now - 1) }, project);
  }
  return log;
}

import { describe, expect, test } from 'vitest';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { Evidence } from '../../../src/domain/events/alerts.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { at, clock, decided, happened, inWords, request, rulesOf } from '../../support/alertEvents.ts';

/** One rule each, and what it decides at which second. The project is `default`, the service `bot`. */

const told = (rule: string, events: readonly RecordedEvent[]): string[] => {
  const rules = rulesOf(`rules: [{ name: r, title: "{{value}}", ${rule} }]`);
  return decided(new AlertProcessor({ rules }), events).map(inWords);
};

const failed = (seconds: number, data: object = {}, envelope: object = {}) =>
  request(seconds, { status: 'error', errorMessage: 'boom', ...data }, envelope);
const slow = (seconds: number, durationMs: number) => request(seconds, { durationMs });
const metric = (seconds: number, value: number, data: object = {}) =>
  happened('MetricRecorded', seconds, { data: { value, ...data } });
const log = (seconds: number, level: string) => happened('LogWritten', seconds, { data: { level } });
const error = (seconds: number, data: object = {}) => happened('ErrorCaptured', seconds, { data });
const job = (seconds: number, state: string, name = 'nightly') =>
  happened('JobRecorded', seconds, { data: { state, name } });
const health = (seconds: number, state: string, name = 'disk') =>
  happened('HealthChecked', seconds, { data: { state, name } });
const left = (seconds: number, data: object) => happened('RateLimitObserved', seconds, { data });

const each = <T>(from: number, to: number, make: (second: number) => T, step = 1): T[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => make(from + index * step));

describe('a measure of requests', () => {
  test('requests: what is as old as the window is out of it', () => {
    const rule = 'measure: requests, window: 10s, every: 1s, warning: { above: 1 }';
    expect(told(rule, [request(0), request(5), clock(60)])).toEqual([
      '5 AlertFired warning',
      '10 AlertResolved recovered',
    ]);
    expect(told(rule, [request(0), request(10), clock(60)])).toEqual([]);
    expect(told(rule, [request(0.001), request(10), clock(60)])).toEqual([
      '10 AlertFired warning',
      '11 AlertResolved recovered',
    ]);
  });

  test('requests: none at all is a figure like any other', () => {
    const rule = 'measure: requests, window: 10s, every: 1s, warning: { below: 1, for: 5s }';
    expect(told(rule, [request(0.5), clock(30), request(31.5), clock(60)])).toEqual([
      '11 AlertSuspected warning',
      '16 AlertFired warning',
      '32 AlertResolved recovered',
      '42 AlertSuspected warning',
      '47 AlertFired warning',
    ]);
  });

  test('failed_requests: every outcome but success', () => {
    const rule = 'measure: failed_requests, window: 10s, every: 1s, warning: { atLeast: 3 }';
    const outcomes = ['success', 'error', 'timeout', 'rate_limited'];
    const events = outcomes.map((status, second) => request(second, { status }));
    expect(told(rule, [...events, clock(60)])).toEqual([
      '3 AlertFired warning',
      '11 AlertResolved recovered',
    ]);
  });

  test('error_rate: with fewer than the minimum volume it is not judged', () => {
    const rule = 'measure: error_rate, window: 10s, every: 1s, minimumVolume: 4, warning: { above: 50% }';
    const three = [failed(1), failed(2), failed(3)];
    expect(told(rule, [...three, clock(60)])).toEqual([]);
    expect(told(`${rule}, noData: resolve`, [...three, request(4), clock(60)])).toEqual([
      '4 AlertFired warning',
      '11 AlertResolved no_data',
    ]);
    expect(told(rule, [...three, request(4), clock(60)])).toEqual([
      '4 AlertFired warning',
      '21 AlertDataLost no_traffic',
    ]);
    expect(told(rule, [failed(1), failed(2), request(3), request(4), clock(60)])).toEqual([]);
  });

  test('error_rate: with fewer than the minimum of failures nothing is wrong, and what fires ends', () => {
    const rule =
      'measure: error_rate, window: 10s, every: 1s, minimumVolume: 2, minimumFailures: 3, warning: { above: 50% }';
    expect(told(rule, [failed(1), failed(2), clock(60)])).toEqual([]);
    expect(told(rule, [failed(1), failed(2), failed(3), request(9), clock(60)])).toEqual([
      '3 AlertFired warning',
      '11 AlertResolved recovered',
    ]);
  });

  test('latency: a percentile, the average, and the worst', () => {
    const rule = (of: string, above: string) =>
      `measure: latency ${of}, window: 10s, every: 1s, minimumVolume: 1, noData: resolve, warning: { above: ${above} }`;
    const events = [...each(1, 9, (second) => slow(second, 100)), slow(9.5, 1_000), clock(60)];
    expect(told(rule('p50', '150ms'), events)).toEqual(['19 AlertFired warning', '20 AlertResolved no_data']);
    expect(told(rule('average', '189ms'), events)).toEqual([
      '10 AlertFired warning',
      '20 AlertResolved no_data',
    ]);
    expect(told(rule('average', '190ms'), events)[0]).toBe('11 AlertFired warning');
    expect(told(rule('max', '900ms'), events)).toEqual(['10 AlertFired warning', '20 AlertResolved no_data']);
    expect(told(rule('max', '1100ms'), events)).toEqual([]);
  });

  test('burn_rate: both windows have to burn', () => {
    const rule =
      'measure: { burnRate: { objective: 90%, long: 1m, short: 10s } }, every: 1s, minimumVolume: 1, noData: resolve, critical: { above: 5 }';
    const calm = each(1, 40, (second) => request(second));
    const brief = [
      ...calm,
      ...each(41, 50, (second) => failed(second)),
      ...each(51, 90, (second) => request(second)),
    ];
    expect(told(rule, brief)).toEqual([]);
    const long = [
      ...calm,
      ...each(41, 75, (second) => failed(second)),
      ...each(76, 120, (second) => request(second)),
    ];
    // More than half of a minute fails from 71 on, and more than half of ten seconds up to 79.
    expect(told(rule, long)).toEqual(['71 AlertFired critical', '80 AlertResolved recovered']);
  });

  test('burn_rate: slower ones can count as failed', () => {
    const rule =
      'measure: { burnRate: { objective: 90%, long: 1m, short: 10s, slowerThan: 1s } }, every: 1s, minimumVolume: 1, critical: { above: 5 }';
    expect(
      told(
        rule,
        each(1, 5, (second) => slow(second, 1_000)),
      ),
    ).toEqual([]);
    expect(
      told(
        rule,
        each(1, 5, (second) => slow(second, 1_001)),
      ),
    ).toEqual(['1 AlertFired critical']);
  });

  test('only what is selected counts, and it is told apart by its labels', () => {
    const rule =
      'measure: failed_requests, select: { operation: "~pay.*" }, by: [service, region], window: 10s, every: 1s, warning: { atLeast: 2 }';
    const from = (region: string) => ({ operation: 'pay.card', attributes: { region } });
    const rules = rulesOf(`rules: [{ name: r, title: t, ${rule} }]`);
    const events = [
      failed(1, from('eu')),
      failed(1, from('us')),
      failed(2, from('eu')),
      failed(2, { ...from('us'), operation: 'search' }),
      failed(3, from('us'), { service: 'api' }),
      clock(9),
    ];
    const decisions = decided(new AlertProcessor({ rules }), events);
    expect(decisions.map(inWords)).toEqual(['2 AlertFired warning']);
    expect(decisions[0]?.event.data).toMatchObject({ labels: { service: 'bot', region: 'eu' } });
    expect(decisions[0]?.event).toMatchObject({ service: 'bot', project: 'default', occurredAt: at(2) });
  });
});

describe('a measure that counts', () => {
  test('errors: those that are captured, not requests that failed', () => {
    const rule = 'measure: errors, window: 10s, every: 2s, warning: { atLeast: 2 }';
    expect(told(rule, [failed(1), error(2), failed(3), clock(30)])).toEqual([]);
    expect(told(rule, [error(1), error(3), clock(30)])).toEqual([
      '4 AlertFired warning',
      '12 AlertResolved recovered',
    ]);
  });

  test('logs: of a level', () => {
    const rule =
      'measure: logs, select: { level: [error, fatal] }, window: 10s, every: 1s, warning: { atLeast: 2 }';
    expect(told(rule, [log(1, 'error'), log(2, 'info'), log(3, 'fatal'), clock(30)])).toEqual([
      '3 AlertFired warning',
      '11 AlertResolved recovered',
    ]);
  });
});

describe('a measure of samples', () => {
  const rule = (aggregate: string, level: string) =>
    `measure: { metric: queue_depth, aggregate: ${aggregate} }, window: 10s, every: 1s, noData: resolve, warning: { ${level} }`;
  const samples = [metric(1, 10), metric(3, 30), metric(5, 20), metric(5, 99, { name: 'other' }), clock(60)];

  test.each([
    ['last', 'above: 25', ['3 AlertFired warning', '5 AlertResolved recovered']],
    [
      'last',
      'below: 25',
      [
        '1 AlertFired warning',
        '3 AlertResolved recovered',
        '5 AlertFired warning',
        '15 AlertResolved no_data',
      ],
    ],
    ['average', 'atLeast: 20', ['3 AlertFired warning', '15 AlertResolved no_data']],
    ['min', 'above: 15', ['11 AlertFired warning', '15 AlertResolved no_data']],
    ['max', 'atLeast: 30', ['3 AlertFired warning', '13 AlertResolved recovered']],
    ['sum', 'above: 45', ['5 AlertFired warning', '13 AlertResolved recovered']],
    ['count', 'atLeast: 3', ['5 AlertFired warning', '11 AlertResolved recovered']],
    ['p50', 'atLeast: 25', ['11 AlertFired warning', '13 AlertResolved recovered']],
  ])('metric %s %s', (aggregate, level, expected) => {
    expect(told(rule(aggregate, level), samples)).toEqual(expected);
  });

  test('metric rate and increase: of a counter that may begin again', () => {
    const counter = [metric(1, 100), metric(4, 130), metric(7, 5), clock(60)];
    // A single sample has no rate.
    expect(told(rule('increase', 'above: 30'), counter)).toEqual([
      '4 AlertFired warning',
      '11 AlertResolved recovered',
    ]);
    expect(told(rule('rate', 'above: 4.4'), counter)[0]).toBe('4 AlertFired warning');
  });

  test('metric: a sum beyond all numbers is none', () => {
    const huge = [metric(1, 1.7e308), metric(2, 1.7e308), clock(60)];
    expect(told(rule('sum', 'above: 1'), huge)).toEqual([
      '1 AlertFired warning',
      '2 AlertResolved no_data',
      '11 AlertFired warning',
      '12 AlertResolved no_data',
    ]);
  });

  test('health: the last check decides, each of its own name', () => {
    const checks = [
      health(1, 'healthy'),
      health(3, 'degraded'),
      health(5, 'unhealthy'),
      health(6, 'unhealthy', 'x'),
      health(8, 'healthy'),
    ];
    const states =
      'measure: health, by: [name], window: 1m, every: 1s, warning: { atLeast: degraded, for: 2s }, critical: { atLeast: unhealthy }';
    expect(told(`${states}, select: { name: disk }`, [...checks, clock(60)])).toEqual([
      '3 AlertSuspected warning',
      '5 AlertFired critical',
      '8 AlertResolved recovered',
    ]);
    expect(told(states, [...checks, clock(50)]).filter((line) => line.includes('Fired'))).toHaveLength(2);
  });

  test('rate_limit: what is left of a limit that is known', () => {
    const limits = 'measure: rate_limit, by: [name], window: 1m, every: 1s, warning: { atMost: 20% }';
    const events = [
      left(1, { remaining: 10, limit: undefined }),
      left(2, { remaining: 21, limit: 100 }),
      left(3, { remaining: 20, limit: 100 }),
      left(4, { remaining: 5, limit: 0 }),
      left(5, { remaining: 90, limit: 100 }),
    ];
    expect(told(limits, [...events, clock(30)])).toEqual([
      '3 AlertFired warning',
      '5 AlertResolved recovered',
    ]);
  });
});

describe('a measure of what follows one another', () => {
  test('job: failures in a row since the last success', () => {
    const rule =
      'measure: job, by: [name], window: 1h, every: 1s, warning: { atLeast: 1 }, critical: { atLeast: 3, recover: 1 }';
    const runs = [
      job(1, 'succeeded'),
      job(2, 'failed'),
      job(3, 'missed'),
      job(4, 'started'),
      job(5, 'failed', 'other'),
      job(6, 'failed'),
      job(7, 'succeeded'),
    ];
    expect(told(`${rule}, select: { name: nightly }`, [...runs, clock(60)])).toEqual([
      '2 AlertFired warning',
      '6 AlertSeverityChanged critical',
      '7 AlertResolved recovered',
    ]);
    expect(told(`${rule}, noData: resolve`, [job(5, 'failed'), clock(4_000)])).toEqual([
      '5 AlertFired warning',
      '3605 AlertResolved no_data',
    ]);
  });

  test('job: a late success counts where it belongs', () => {
    const rule = 'measure: job, window: 1h, every: 1s, warning: { atLeast: 2 }';
    const late = happened('JobRecorded', 3, { recorded: 20, data: { state: 'succeeded' } });
    expect(told(rule, [job(1, 'failed'), job(5, 'failed'), clock(10), late, clock(30)])).toEqual([
      '5 AlertFired warning',
      '11 AlertResolved recovered',
    ]);
  });

  test('silence: it grows by itself, and ends with the next event of whatever type', () => {
    const rule =
      'measure: silence, by: [service], window: 10m, every: 1s, warning: { above: 20s, recover: 5s }, critical: { above: 60s, recover: 5s }';
    expect(told(rule, [log(0.5, 'info'), clock(100), health(100.5, 'healthy'), clock(130)])).toEqual([
      '21 AlertFired warning',
      '61 AlertSeverityChanged critical',
      '101 AlertResolved recovered',
      '121 AlertFired warning',
    ]);
  });

  test('silence: what was silent for its whole window is forgotten, and its alert lacks data', () => {
    const rule = 'measure: silence, by: [service], window: 1m, every: 1s, warning: { above: 20s }';
    expect(told(rule, [log(0, 'info'), clock(2_000)])).toEqual([
      '21 AlertFired warning',
      '121 AlertDataLost source_silent',
    ]);
    expect(told(`${rule}, noData: resolve`, [log(0, 'info'), clock(2_000)])).toEqual([
      '21 AlertFired warning',
      '61 AlertResolved no_data',
    ]);
  });

  const fresh = 'measure: new_error, by: [service, fingerprint], window: 1m, every: 1s';
  test('new_error: fires when first seen, for its window, each once', () => {
    const events = [
      error(1, { message: 'a' }),
      error(30, { message: 'a' }),
      error(70, { message: 'a' }),
      error(100, { message: 'b' }),
    ];
    expect(told(`${fresh}, info: { atLeast: 1 }`, [...events, clock(300)])).toEqual([
      '1 AlertFired info',
      '61 AlertResolved recovered',
      '100 AlertFired info',
      '160 AlertResolved recovered',
    ]);
  });

  test('new_error: counts how often it was seen up to the step, with and without an alert before', () => {
    const events = each(1, 6, (second) => failed(second));
    expect(told(`${fresh}, warning: { atLeast: 4 }`, [...events, clock(9)])).toEqual([
      '4 AlertFired warning',
    ]);
    const together = each(1, 6, () => failed(1.5));
    expect(
      told(`${fresh}, info: { atLeast: 1 }, warning: { atLeast: 4 }`, [failed(1), ...together, clock(9)]),
    ).toEqual(['1 AlertFired info', '2 AlertSeverityChanged warning']);
  });

  test('new_error: what was not seen for thirty days is new again', () => {
    const day = 86_400;
    const rule = `${fresh}, info: { atLeast: 1 }`;
    const fired = (events: RecordedEvent[]) => told(rule, events).filter((line) => line.includes('Fired'));
    expect(fired([error(0), error(29 * day), error(58 * day), clock(59 * day)])).toHaveLength(1);
    expect(fired([error(0), error(31 * day), clock(32 * day)])).toHaveLength(2);
    expect(
      fired([error(0), log(15 * day, 'info'), clock(20 * day), error(31 * day), clock(32 * day)]),
    ).toHaveLength(2);
  });
});

describe('a measure of what is usual', () => {
  const hour = 3_600;
  const day = 24 * hour;
  const rule = (of: string) =>
    `measure: { anomaly: ${of}, days: 4 }, by: [service], window: 15m, every: 1m, minimumVolume: 5, info: { above: 6, recover: 4 }`;
  /** So many requests in each quarter of the hour from ten on. */
  const atTen = (days: number, count: number, data: object = {}): RecordedEvent[] =>
    each(0, 3, (quarter) => quarter).flatMap((quarter) =>
      each(1, count, (index) => request(days * day + 10 * hour + quarter * 900 + index, data)),
    );
  const usual = [0, 1, 2, 3].flatMap((days) => atTen(days, 20 + days));

  test('anomaly: as many as at this hour of the other days is no alert', () => {
    expect(told(rule('requests'), [...usual, ...atTen(4, 22), clock(5 * day)])).toEqual([]);
  });

  test('anomaly: many more are one, and it says how many are usual', () => {
    const rules = rulesOf(`rules: [{ name: r, title: "{{value}}", ${rule('requests')} }]`);
    const decisions = decided(new AlertProcessor({ rules }), [...usual, ...atTen(4, 60), clock(5 * day)]);
    expect(decisions[0] && inWords(decisions[0])).toMatch(/AlertFired info$/);
    const data = decisions[0]?.event.data as { evidence: Evidence } | undefined;
    expect(data?.evidence.figures).toMatchObject({ days: 4, usual: 21.5 });
  });

  test('anomaly: slower ones are one too', () => {
    const lately = atTen(4, 22, { durationMs: 400 });
    expect(told(rule('latency'), [...usual, ...lately])[0]).toMatch(/AlertFired info$/);
    expect(told(rule('latency'), [...usual, ...atTen(4, 22)])).toEqual([]);
  });

  test('anomaly: with fewer than three days there is nothing to compare with', () => {
    expect(told(rule('requests'), [...atTen(2, 20), ...atTen(3, 20), ...atTen(4, 90)])).toEqual([]);
  });

  test('anomaly: another hour is compared with others, though no request comes or goes', () => {
    const every = rule('requests').replace('15m', '2h').replace('minimumVolume: 5', 'minimumVolume: 1');
    const early = each(0, 3, (days) => request(days * day + 9 * hour + 1_800));
    const busy = each(0, 3, (days) =>
      each(1, 90, (index) => request(days * day + 11 * hour + index * 30)),
    ).flat();
    const lately = request(4 * day + 9 * hour + 3_500);
    const lines = told(
      every,
      [...early, ...busy, lately, clock(5 * day)].sort((a, b) => a.occurredAt - b.occurredAt),
    );
    expect(lines).toContain(`${4 * day + 11 * hour + 60} AlertFired info`);
  });
});

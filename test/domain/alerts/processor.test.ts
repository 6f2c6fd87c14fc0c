import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../src/domain/alerts/processor/decision.ts';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { RuleSet } from '../../../src/domain/alerts/rule.ts';
import { type AlertEventType, alertSchemas, type Evidence } from '../../../src/domain/events/alerts.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { at, clock, decided, happened, inWords, request, rulesOf } from '../../support/alertEvents.ts';
import { restarted } from './processorEvents.ts';

const failures = rulesOf(`
rules:
  - name: failures
    title: "{{value}} of {{service}} failed, more than {{threshold}}"
    description: "{{rule}} in {{project}} is {{severity}}"
    playbook: ["see {{service}}"]
    dashboard: "https://example.org/d?service={{service}}&from={{from}}&to={{to}}"
    annotations: { impact: "{{service}} is at stake" }
    labels: { team: core }
    measure: failed_requests
    by: [service]
    window: 3m
    every: 1s
    warning: { atLeast: 3 }
    critical: { atLeast: 9 }
`);

const failed = (seconds: number, envelope: object = {}, data: object = {}) =>
  request(seconds, { status: 'error', errorMessage: 'boom', ...data }, envelope);

const told = (events: readonly RecordedEvent[], rules: RuleSet = failures): string[] =>
  decided(new AlertProcessor({ rules }), events).map(inWords);

const evidenceOf = (decision: Decision | undefined): Evidence => {
  if (decision === undefined) throw new Error('nothing was decided');
  return (decision.event.data as { evidence: Evidence }).evidence;
};

describe('time', () => {
  test('a step is taken when the watermark has passed it, with the events of its window', () => {
    const processor = new AlertProcessor({ rules: failures });
    expect(decided(processor, [failed(1), failed(2), failed(2.5), request(3.4)])).toEqual([]);
    expect(decided(processor, [request(3.5)]).map(inWords)).toEqual(['3 AlertFired warning']);
  });

  test('events out of order within the lateness are in time', () => {
    expect(told([failed(2.9), failed(2.1), failed(2.5), failed(2.95), request(4)])).toEqual([
      '3 AlertFired warning',
    ]);
  });

  test('a source that lags is waited for', () => {
    const api = { service: 'api' };
    const lines = told([
      request(10),
      request(10, {}, api),
      ...[11, 12, 13].map((second) => failed(second)),
      // Recorded three seconds after they happened.
      ...[11, 12, 13, 14].map((second) => failed(second, { ...api, recorded: second + 3 })),
      request(17),
      request(20),
      request(20, {}, api),
    ]);
    expect(lines).toEqual(['13 AlertFired warning', '13 AlertFired warning']);
  });

  test('a source that catches up from long ago holds nobody back, and fires nothing for the past', () => {
    const events = [
      ...[1_001, 1_002, 1_003].map((second) => failed(second)),
      ...[1, 2, 3, 4, 5].map((second) => failed(second, { service: 'api', recorded: 1_003 })),
      request(1_005),
    ];
    expect(told(events)).toEqual(['1003 AlertFired warning']);
  });

  test('what comes late is judged at the next step, however long nothing was due before', () => {
    const late = (recorded: number, second: number) => failed(second, { service: 'api', recorded });
    const events = [request(1), request(1_000), ...[940, 941, 942].map((second) => late(1_000.5, second))];
    expect(told([...events, request(1_006)])).toEqual(['1000 AlertFired warning']);
  });

  test('a clock that runs ahead makes nothing early and nothing late', () => {
    const ahead = (second: number) => failed(second + 3_600, { service: 'fast', recorded: second });
    expect(told([ahead(1), ahead(2), ahead(3), failed(3), failed(3.1), failed(3.2), request(9)])).toEqual([
      '3 AlertFired warning',
      '4 AlertFired warning',
    ]);
  });

  test('where nothing happens, time passes by what is recorded of it, hours at once too', () => {
    const bad = [failed(1), failed(2), failed(3)];
    expect(told([...bad, clock(8)])).toEqual(['3 AlertFired warning']);
    expect(told([...bad, clock(180), clock(181)])).toEqual([
      '3 AlertFired warning',
      '181 AlertResolved recovered',
    ]);
    expect(told([...bad, clock(40_000)])).toEqual(['3 AlertFired warning', '181 AlertResolved recovered']);
    expect(told([...bad, request(40_000), request(40_002)])).toEqual([
      '3 AlertFired warning',
      '181 AlertResolved recovered',
    ]);
  });

  test('projects have their own', () => {
    const other = { project: 'other' };
    const events = [
      failed(1),
      failed(1, other),
      failed(2),
      failed(2, other),
      failed(3),
      request(90, {}, other),
    ];
    expect(told(events)).toEqual([]);
    expect(told([...events, request(5)])).toEqual(['3 AlertFired warning']);
    const decision = decided(new AlertProcessor({ rules: failures }), [...events, request(5)])[0];
    expect(decision?.event.project).toBe('default');
  });
});

describe('late events', () => {
  const bad = [1, 2, 3].map((second) => failed(second));
  /** In the beat after those that came in time. */
  const late = (second: number, recorded: number) =>
    failed(second, { recorded: recorded + 0.1, project: 'default' });
  const steady = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => request(from + index));

  test('amend the figures of the window that it fired on, at most once a minute', () => {
    const processor = new AlertProcessor({ rules: failures });
    const decisions = decided(processor, [
      ...bad,
      ...steady(4, 10),
      late(2.5, 10),
      ...steady(11, 20),
      late(0.5, 20),
      ...steady(21, 70),
    ]);
    expect(decisions.map(inWords)).toEqual(['3 AlertFired warning', '63 AlertAmended']);
    expect(decisions[1]?.event.data).toMatchObject({ amends: 1, number: 2, lateEvents: 2 });
    const [first, amended] = decisions.map(evidenceOf);
    expect(amended?.window).toEqual(first?.window);
    expect([first?.value, amended?.value]).toEqual([3, 5]);
    expect(amended?.figures).toMatchObject({ requests: 5, failed: 5 });

    const again = decided(processor, [late(1.5, 71), ...steady(71, 130)]);
    expect(again.map(inWords)).toEqual(['123 AlertAmended']);
    expect(again[0]?.event.data).toMatchObject({ amends: 1, number: 3, lateEvents: 1 });
  });

  test('change what holds now as well', () => {
    const more = [1.1, 1.2, 1.3, 1.4, 1.5, 1.6].map((second) => late(second, 10));
    expect(told([...bad, ...steady(4, 10), ...more, ...steady(11, 80)])).toEqual([
      '3 AlertFired warning',
      '10 AlertSeverityChanged critical',
      '63 AlertAmended',
    ]);
  });

  test('of another window than that it fired on amend nothing', () => {
    expect(told([...bad, ...steady(4, 20), late(10, 20), ...steady(21, 110)])).toEqual([
      '3 AlertFired warning',
    ]);
  });

  test('that are too late for every window change nothing at all', () => {
    const events = [...bad, ...steady(4, 400)];
    const whole = told([...events, ...steady(401, 500)]);
    const ancient = [1, 2, 3, 4, 5, 6].map((second) => late(second, 400));
    expect(told([...events, ...ancient, ...steady(401, 500)])).toEqual(whole);
  });

  test('are amended when the window is still known in full, or not at all', () => {
    const rules = rulesOf(
      'rules: [{ name: r, title: t, measure: failed_requests, window: 70s, every: 1s, keepFiringFor: 1h, warning: { atLeast: 3 } }]',
    );
    const amendedAfter = (second: number) =>
      told([...bad, ...steady(4, second), late(2.5, second), ...steady(second + 1, 200)], rules).filter(
        (line) => line.includes('Amended'),
      );
    expect(amendedAfter(50)).toEqual(['63 AlertAmended']);
    expect(amendedAfter(74)).toEqual([]);
    expect(amendedAfter(100)).toEqual([]);
  });

  test.each([
    ['silence', 'window: 10m, warning: { above: 30s, recover: 0s }, keepFiringFor: 1h'],
    ['new_error', 'window: 30m, info: { atLeast: 1 }'],
  ])('amend no %s with figures that are of a later time', (measure, rest) => {
    const rules = rulesOf(`rules: [{ name: r, title: t, measure: ${measure}, every: 1s, ${rest} }]`);
    const events = [
      failed(1),
      request(40, {}, { service: 'api' }),
      clock(60),
      failed(100),
      ...steady(101, 110),
    ];
    const lines = told([...events, late(99, 110), ...steady(111, 300)], rules);
    expect(lines.filter((line) => line.includes('Amended'))).toEqual([]);
  });
});

describe('what is said', () => {
  const rules = failures;
  const events = [
    happened('DeployRecorded', 0, { data: { name: 'v2' } }),
    request(0.5, { operation: 'pay' }),
    failed(1, { userId: 'u1', requestId: 'r1' }, { operation: 'pay' }),
    failed(2, { userId: 'u2', requestId: 'r2' }),
    failed(2.5, { service: 'api', userId: 'u9', requestId: 'r9' }),
    failed(3, { userId: 'u2', requestId: 'r3' }, { errorMessage: 'other' }),
    request(4.5),
    request(4.5, {}, { service: 'api' }),
  ];

  test('an alert that fires says all that it needs to be understood', () => {
    const [fired] = decided(new AlertProcessor({ rules }), events);
    const from = at(3 - 360);
    expect(fired?.event).toMatchObject({ type: 'AlertFired', service: 'bot', occurredAt: at(3) });
    expect(fired?.event.data).toMatchObject({
      rule: 'failures',
      labels: { service: 'bot' },
      activeSince: at(3),
      title: '3 of bot failed, more than 3',
      description: 'failures in default is warning',
      playbook: ['see bot'],
      dashboard: `https://example.org/d?service=bot&from=${from}&to=${at(3 + 180)}`,
      annotations: { impact: 'bot is at stake' },
      ruleLabels: { team: 'core' },
      quiet: false,
    });
    const evidence = evidenceOf(fired);
    expect(evidence).toMatchObject({
      window: { from: at(3 - 180), to: at(3) },
      value: 3,
      condition: 'failed requests ≥ 3',
      threshold: 3,
      figures: { requests: 4, failed: 3, errorRate: 0.75 },
      users: { affected: 2, exact: true },
      deploys: [{ time: at(0), service: 'bot', name: 'v2' }],
    });
    expect(evidence.operations).toEqual([
      { service: 'bot', operation: 'search', requests: 3, failed: 2 },
      { service: 'bot', operation: 'pay', requests: 2, failed: 1 },
    ]);
    expect(
      evidence.topErrors.map(({ message, count, requestIds }) => [message, count, requestIds.sort()]),
    ).toEqual([
      ['boom', 2, ['r1', 'r2']],
      ['other', 1, ['r3']],
    ]);
    expect(evidence.points).toHaveLength(60);
    expect(evidence.points.reduce((sum, { volume }) => sum + volume, 0)).toBe(4);
  });

  test('operations are counted over the minutes of the window, not over one more', () => {
    const short = rulesOf(
      'rules: [{ name: r, title: t, measure: failed_requests, window: 1m, every: 1m, warning: { atLeast: 1 } }]',
    );
    const old = Array.from({ length: 20 }, (_, index) => request(30 + index));
    const [fired] = decided(new AlertProcessor({ rules: short }), [...old, failed(61), request(121.5)]);
    expect(fired && inWords(fired)).toBe('120 AlertFired warning');
    expect(evidenceOf(fired).operations).toEqual([
      { service: 'bot', operation: 'search', requests: 1, failed: 1 },
    ]);
  });

  test('a request that fails and reports its error as well is one failure', () => {
    const twice = [1, 2, 3].flatMap((second) => [
      failed(second, { requestId: `r${second}` }),
      happened('ErrorCaptured', second, {
        requestId: `r${second}`,
        data: { message: 'boom', errorCode: undefined },
      }),
    ]);
    const [fired] = decided(new AlertProcessor({ rules }), [...twice, clock(60)]);
    expect(evidenceOf(fired).topErrors.map(({ message, count }) => [message, count])).toEqual([['boom', 3]]);
  });

  test('a user who fails again and again stays one of many, and pushes none of them out', () => {
    const many = Array.from({ length: 4_999 }, (_, index) =>
      failed(1 + index / 10_000, { userId: `u${index}` }),
    );
    const one = Array.from({ length: 500 }, () => failed(2, { userId: 'u7' }));
    const [, worse] = decided(new AlertProcessor({ rules }), [
      ...many.slice(0, 3),
      ...many.slice(3),
      ...one,
      clock(60),
    ]);
    const fired = worse ?? decided(new AlertProcessor({ rules }), [...many, ...one, clock(60)])[0];
    expect(evidenceOf(fired).users).toEqual({ affected: 4_999, exact: true });
  });

  test('other alerts that fire are related, those of the same service first', () => {
    const two = rulesOf(`
rules:
  - { name: a, title: t, measure: errors, by: [service], window: 10m, every: 1s, info: { atLeast: 1 } }
  - { name: b, title: t, measure: failed_requests, by: [service], window: 10m, every: 1s, critical: { atLeast: 1 } }
`);
    const error = (second: number, service: string) => happened('ErrorCaptured', second, { service });
    const decisions = decided(new AlertProcessor({ rules: two }), [
      error(1, 'api'),
      error(2, 'bot'),
      failed(9),
      request(12),
      request(12, {}, { service: 'api' }),
      clock(40),
    ]);
    const critical = decisions.find(
      ({ event }) =>
        event.type === 'AlertFired' && 'severity' in event.data && event.data.severity === 'critical',
    );
    expect(
      evidenceOf(critical).related.map(({ rule, labels, since }) => [rule, labels.service, since]),
    ).toEqual([
      ['a', 'bot', at(2)],
      ['a', 'api', at(1)],
    ]);
  });

  test('a person ends an alert, under its own name', () => {
    const processor = new AlertProcessor({ rules });
    const [fired] = decided(processor, events);
    const { episode } = (fired as Decision).event.data as { episode: string };
    const wanted = happened('AlertResolutionRequested', 9, { data: { episode, by: 'ann' } });
    const [resolved, ...others] = processor.observe(wanted);
    expect(others).toEqual([]);
    expect(resolved?.event.data).toMatchObject({ cause: 'person', by: 'ann', episode, number: 2 });
    expect(processor.observe(wanted)).toEqual([]);
    const later = [failed(10), ...[11, 12, 13].map((second) => request(second)), clock(200)];
    expect(decided(processor, later)).toEqual([]);
    const again = [...[201, 202, 203].map((second) => failed(second)), clock(220)];
    expect(decided(processor, again).map(inWords)).toEqual(['203 AlertFired warning']);
  });

  test('what has no room is cut, and still fits', () => {
    const by = rulesOf(
      'rules: [{ name: r, title: "{{region}}", measure: failed_requests, by: [region], every: 1s, info: { atLeast: 1 } }]',
    );
    const long = failed(1, { requestId: 'r'.repeat(300) }, { attributes: { region: 'é'.repeat(8_000) } });
    const [fired] = decided(new AlertProcessor({ rules: by }), [long, request(3)]);
    const schema = alertSchemas[fired?.event.type as AlertEventType];
    expect(schema.safeParse(fired?.event.data).error).toBeUndefined();
  });
});

describe('more labels than can be followed', () => {
  const rules = rulesOf(
    'rules: [{ name: r, title: t, measure: failed_requests, by: [user_id], window: 10s, every: 1s, info: { atLeast: 3 } }]',
  );
  const crowd = (from: number) =>
    Array.from({ length: 20_100 }, (_, index) =>
      request(from + index / 100_000, {}, { userId: `u${index}` }),
    );

  test('are told as a rule that cannot be judged, once, until there is room again', () => {
    const processor = new AlertProcessor({ rules });
    const decisions = decided(processor, [
      ...crowd(0.1),
      request(3, {}, { userId: 'x' }),
      ...crowd(4),
      request(9, {}, { userId: 'y' }),
    ]);
    expect(decisions.map(inWords).map((line) => line.slice(0, 22))).toEqual(['1 RuleEvaluationFailed']);
    const restored = restarted(processor, rules);
    const later = [request(30, {}, { userId: 'z' }), request(40, {}, { userId: 'z' }), clock(60)];
    expect(decided(restored, later).map(inWords)).toEqual([expect.stringMatching(/RuleEvaluationRestored$/)]);
    for (const { event } of decisions)
      expect(alertSchemas[event.type as AlertEventType].safeParse(event.data).error).toBeUndefined();
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Rule, RuleSet } from '../../../src/domain/alerts/rule.ts';
import { faultText } from '../../../src/domain/alerts/rules/faults.ts';
import { readRules, restoreRules } from '../../../src/domain/alerts/rules/read.ts';

function setOf(text: string): RuleSet {
  const read = readRules(text);
  if (read.kind === 'refused') throw new Error(read.faults.map(faultText).join('\n'));
  return read.ruleSet;
}

/** A rule with these lines, and with what it needs besides. */
function ruleOf(...lines: string[]): Rule {
  const given = lines.map((line) => `    ${line}\n`).join('');
  const needed = [
    ...(given.includes('measure:') ? [] : ['    measure: requests\n']),
    ...(/info:|warning:|critical:/.test(given) ? [] : ['    info: { above: 1 }\n']),
  ];
  const [rule] = setOf(`rules:\n  - name: a\n${needed.join('')}${given}`).rules;
  if (rule === undefined) throw new Error('there is a rule');
  return rule;
}

const minute = 60_000;

describe('a rule', () => {
  test('of three lines has a default for all else', () => {
    const { rules, policy, latenessMs, idleMs } = setOf(
      'rules:\n  - name: errors-of-bot\n    measure: error_rate\n    by: [service]\n    critical: { above: 10% }\n',
    );
    expect(rules).toEqual([
      {
        name: 'errors-of-bot',
        version: 1,
        measure: { kind: 'error_rate' },
        select: [],
        by: ['service'],
        windowMs: 5 * minute,
        everyMs: 2_000,
        levels: [{ severity: 'critical', comparison: 'above', threshold: 0.1, recovery: 0.1, forMs: 0 }],
        keepFiringForMs: 0,
        minimumVolume: 10,
        minimumFailures: 0,
        noData: 'keep',
        title: 'errors-of-bot: {{service}}',
        description: '',
        playbook: [],
        runbook: undefined,
        dashboard: undefined,
        labels: {},
        annotations: {},
        quiet: false,
      },
    ]);
    expect(policy).toEqual({
      routes: [
        {
          name: 'default',
          match: [],
          channels: [],
          groupBy: ['service'],
          groupWaitMs: 2_000,
          groupIntervalMs: minute,
          repeatIntervalMs: 240 * minute,
          mute: [],
          escalate: [],
        },
      ],
      inhibit: [],
      mute: [],
      flapping: { firings: 4, windowMs: 30 * minute },
    });
    expect([latenessMs, idleMs]).toEqual([500, 5_000]);
  });

  test.each<[string, string, Rule['measure']]>([
    ['error_rate', '5%', { kind: 'error_rate' }],
    ['latency p95', '2s', { kind: 'latency', of: 0.95 }],
    ['latency p99.9', '2s', { kind: 'latency', of: 0.999 }],
    ['latency average', '2s', { kind: 'latency', of: 'average' }],
    ['latency max', '2s', { kind: 'latency', of: 'max' }],
    ['health', 'degraded', { kind: 'health' }],
    ['silence', '10m', { kind: 'silence' }],
    ['{ metric: depth }', '7', { kind: 'metric', aggregate: 'last' }],
    ['{ metric: depth, aggregate: p95 }', '-7.5', { kind: 'metric', aggregate: 0.95 }],
    ['{ metric: depth, aggregate: rate }', '5%', { kind: 'metric', aggregate: 'rate' }],
    ['{ anomaly: latency }', '4', { kind: 'anomaly', of: 'latency', days: 7 }],
    ['{ anomaly: error_rate, days: 14 }', '4', { kind: 'anomaly', of: 'error_rate', days: 14 }],
    [
      '{ burnRate: { objective: 99.9%, long: 1h, short: 5m } }',
      '14.4',
      {
        kind: 'burn_rate',
        objective: 0.999,
        pair: { longMs: 60 * minute, shortMs: 5 * minute },
        slowerThanMs: undefined,
      },
    ],
  ])('measures %s above %s', (text, threshold, measure) => {
    expect(ruleOf(`measure: ${text}`, `info: { above: ${threshold} }`).measure).toEqual(measure);
  });

  test.each<[string, string, number]>([
    ['error_rate', '5%', 0.05],
    ['error_rate', '0.05', 0.05],
    ['error_rate', '"5 %"', 0.05],
    ['rate_limit', '29%', 0.29],
    ['latency p50', '1500', 1_500],
    ['latency p50', '1m30s', 90_000],
    ['health', 'unhealthy', 2],
    ['health', '1', 1],
  ])('%s: %s is %d', (measure, written, threshold) => {
    const rule = ruleOf(`measure: ${measure}`, `info: { above: ${written} }`);
    expect(rule.levels).toMatchObject([{ threshold, recovery: threshold }]);
  });

  test('a metric is selected by its name, before all else', () => {
    const { select } = ruleOf('measure: { metric: queue_depth }', 'select: { service: bot }');
    expect(select).toEqual([
      { label: 'name', operator: '=', value: 'queue_depth' },
      { label: 'service', operator: '=', value: 'bot' },
    ]);
  });

  test.each<[string, Rule['select']]>([
    ['{ service: bot }', [{ label: 'service', operator: '=', value: 'bot' }]],
    ['{ port: 8080 }', [{ label: 'port', operator: '=', value: '8080' }]],
    ['{ env: "!dev" }', [{ label: 'env', operator: '!=', value: 'dev' }]],
    ['{ region: "~eu-.*" }', [{ label: 'region', operator: '=~', value: 'eu-.*' }]],
    ['{ region: "!~eu-.*" }', [{ label: 'region', operator: '!~', value: 'eu-.*' }]],
    ['{ operation: [a.b] }', [{ label: 'operation', operator: '=', value: 'a.b' }]],
    ['{ operation: [a.b, c] }', [{ label: 'operation', operator: '=~', value: 'a\\.b|c' }]],
    [
      `['service="bot"', 'operation=~"file_.*"']`,
      [
        { label: 'service', operator: '=', value: 'bot' },
        { label: 'operation', operator: '=~', value: 'file_.*' },
      ],
    ],
    ['service="bot"', [{ label: 'service', operator: '=', value: 'bot' }]],
  ])('selects %s', (text, select) => {
    expect(ruleOf(`select: ${text}`).select).toEqual(select);
  });

  test.each<[string, string, number]>([
    ['5m', '', 2_000],
    ['1s', '', 1_000],
    ['7s', '', 1_000],
    ['2500ms', '', 500],
    ['30m', '', 10_000],
    ['6h', '', minute],
    ['7d', '', 5 * minute],
    ['5m', 'every: 1s', 1_000],
  ])('a window of %s %s is evaluated every %d ms', (window, every, everyMs) => {
    const rule = ruleOf(`window: ${window}`, ...(every ? [every] : []));
    expect(rule.everyMs).toBe(everyMs);
    expect(rule.windowMs % everyMs).toBe(0);
  });

  test.each<[string, string, number, number]>([
    ['health', 'degraded', 10, 10_000],
    ['rate_limit', '1', 15, 10_000],
    ['new_error', '1', 30, 10_000],
    ['job', '1', 1_440, 10_000],
    ['silence', '10m', 1_440, 10_000],
    ['{ burnRate: { objective: 99%, long: 3d, short: 6h } }', '1', 4_320, 300_000],
    ['{ burnRate: { objective: 99%, long: 1h, short: 90s } }', '1', 60, 30_000],
  ])('%s looks back by itself', (measure, above, windowMinutes, everyMs) => {
    const rule = ruleOf(`measure: ${measure}`, `info: { above: ${above} }`);
    expect([rule.windowMs, rule.everyMs]).toEqual([windowMinutes * minute, everyMs]);
  });

  test('levels come the least severe first, and take the `for` of the rule unless they have one', () => {
    const { levels } = ruleOf(
      'critical: { above: 10, for: 0s }',
      'warning: { atLeast: 5, recover: 3 }',
      'for: 1h30m',
    );
    expect(levels).toEqual([
      { severity: 'warning', comparison: 'atLeast', threshold: 5, recovery: 3, forMs: 90 * minute },
      { severity: 'critical', comparison: 'above', threshold: 10, recovery: 10, forMs: 0 },
    ]);
  });

  test('the same threshold for longer is more severe', () => {
    expect(ruleOf('warning: { below: 5 }', 'critical: { below: 5, for: 10m }').levels).toHaveLength(2);
  });

  test('is told apart by the project in any case', () => {
    expect(ruleOf('by: [project, service]').by).toEqual(['service']);
  });

  test('values may be repeated by an alias', () => {
    const { rules } = setOf(
      'rules:\n  - { name: a, measure: requests, info: &low { below: 1 } }\n  - { name: b, measure: errors, info: *low }\n',
    );
    expect(rules[1]?.levels).toEqual(rules[0]?.levels);
  });

  test('JSON says the same as YAML', () => {
    const json = '{"rules":[{"name":"a","measure":"requests","info":{"above":1},"by":["service"]}]}';
    expect(setOf(json)).toEqual(
      setOf('rules: [{name: a, measure: requests, info: {above: 1}, by: service}]'),
    );
    expect(setOf(JSON.stringify(JSON.parse(json), null, '\t'))).toEqual(setOf(json));
  });
});

describe('versions', () => {
  const text = (...rules: [name: string, above: number][]) =>
    `rules: [${rules.map(([name, above]) => `{ name: ${name}, measure: requests, info: { above: ${above} } }`).join(', ')}]`;
  const next = (from: ReturnType<typeof readRules>, newText: string) => {
    if (from.kind === 'refused') throw new Error('the rules are read');
    return readRules(newText, { rules: from.ruleSet.rules, versions: from.versions });
  };
  const versionsIn = (read: ReturnType<typeof readRules>) =>
    read.kind === 'read'
      ? Object.fromEntries(read.ruleSet.rules.map(({ name, version }) => [name, version]))
      : {};

  test('rise with a change, stay without one, and are never used again', () => {
    const first = readRules(text(['a', 1], ['b', 1]));
    expect(versionsIn(first)).toEqual({ a: 1, b: 1 });
    const second = next(first, text(['b', 1], ['a', 2]));
    expect(versionsIn(second)).toEqual({ a: 2, b: 1 });
    const third = next(second, text(['b', 1]));
    expect(third).toMatchObject({ versions: { a: 2, b: 1 } });
    const fourth = next(third, text(['a', 2], ['b', 1]));
    expect(versionsIn(fourth)).toEqual({ a: 3, b: 1 });
  });

  test('do not depend on the order of labels', () => {
    const labelled = (labels: string) =>
      `rules: [{ name: a, measure: requests, info: { above: 1 }, labels: ${labels} }]`;
    expect(versionsIn(next(readRules(labelled('{ x: 1, y: 2 }')), labelled('{ y: 2, x: 1 }')))).toEqual({
      a: 1,
    });
  });

  test('of what was recorded are those that were recorded with it', () => {
    expect(versionsIn(restoreRules(text(['a', 1], ['b', 1]), { a: 4, b: 2, gone: 7 }))).toEqual({
      a: 4,
      b: 2,
    });
  });
});

describe('the policy', () => {
  const policyOf = (text: string) => setOf(`rules: []\n${text}`).policy;

  test('has every key of a route', () => {
    const { routes } = policyOf(`
routes:
  - name: ops
    match: { severity: critical }
    channels: [telegram, "slack:ops", "telegram:-1001234567890", "telegram:@Ops_channel"]
    groupBy: [rule, service]
    groupWait: 0s
    groupInterval: 30s
    repeatInterval: 1h
    mute: nights
    escalate: [{ after: 15m, channels: [email] }, { after: 1h, channels: webhook }]
mute: [{ name: nights, timeZone: Europe/Kyiv, weekdays: [mon-fri], from: "22:00", to: "07:00" }]
`);
    expect(routes).toMatchObject([
      {
        name: 'ops',
        match: [{ label: 'severity', operator: '=', value: 'critical' }],
        channels: ['telegram', 'slack:ops', 'telegram:-1001234567890', 'telegram:@Ops_channel'],
        groupBy: ['rule', 'service'],
        groupWaitMs: 0,
        groupIntervalMs: 30_000,
        repeatIntervalMs: 60 * minute,
        mute: ['nights'],
        escalate: [
          { afterMs: 15 * minute, channels: ['email'] },
          { afterMs: 60 * minute, channels: ['webhook'] },
        ],
      },
      { name: 'default', match: [], channels: [] },
    ]);
  });

  test('needs no route of its own for the rest when the last one takes it', () => {
    expect(policyOf('routes: [{ name: all, channels: telegram }]').routes).toHaveLength(1);
  });

  test.each<[string, number[], number, number]>([
    ['weekdays: [mon-fri], from: "22:00", to: "07:00"', [1, 2, 3, 4, 5], 1_320, 420],
    ['weekdays: [fri-mon]', [0, 1, 5, 6], 0, 1_440],
    ['weekdays: [Saturday, sun], to: "24:00"', [0, 6], 0, 1_440],
    ['from: 9:30', [], 570, 1_440],
  ])('is silent at %s', (text, weekdays, from, to) => {
    const mute = { name: 'm', timeZone: 'UTC', weekdays, from, to };
    expect(policyOf(`mute: [{ name: m, ${text} }]`).mute).toEqual([mute]);
  });

  test('has what hides what', () => {
    const { inhibit } = policyOf(
      'inhibit: [{ name: i, source: [severity=critical], target: { severity: warning }, equal: [service] }]',
    );
    expect(inhibit).toEqual([
      {
        name: 'i',
        source: [{ label: 'severity', operator: '=', value: 'critical' }],
        target: [{ label: 'severity', operator: '=', value: 'warning' }],
        equal: ['service'],
      },
    ]);
  });
});

describe('docs/alert-rules.md', () => {
  const page = readFileSync('docs/alert-rules.md', 'utf8');
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

  test.each(examples)('has an example that is read: %s', (text) => {
    expect(setOf(text).rules.length).toBeGreaterThan(0);
  });

  test('has two of them', () => expect(examples).toHaveLength(2));
});

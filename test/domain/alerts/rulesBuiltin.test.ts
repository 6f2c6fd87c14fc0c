import { describe, expect, test } from 'vitest';
import { compileMatchers } from '../../../src/domain/alerts/matchers.ts';
import type { Rule, RuleSet } from '../../../src/domain/alerts/rule.ts';
import { builtinRules } from '../../../src/domain/alerts/rules/builtin.ts';
import { faultText } from '../../../src/domain/alerts/rules/faults.ts';
import { readRules } from '../../../src/domain/alerts/rules/read.ts';

function builtin(): RuleSet {
  const read = readRules(builtinRules);
  if (read.kind === 'refused') throw new Error(read.faults.map(faultText).join('\n'));
  return read.ruleSet;
}

function ruleNamed(name: string): Rule {
  const rule = builtin().rules.find((one) => one.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  return rule;
}

const minute = 60_000;

describe('the built-in rules', () => {
  test('are read like any others', () => {
    expect(builtin().rules.map(({ name }) => name)).toEqual([
      'error-rate',
      'slow-responses',
      'github-rate-limit',
      'health-check',
      'database-connection',
      'job-failed',
      'new-error',
      'traffic-silent',
      'traffic-anomaly',
      'latency-anomaly',
      'slo-fast-burn',
      'slo-medium-burn',
      'slo-slow-burn',
    ]);
  });

  test.each<[string, [severity: string, comparison: string, threshold: number][]]>([
    [
      'error-rate',
      [
        ['warning', 'above', 0.05],
        ['critical', 'above', 0.1],
      ],
    ],
    [
      'slow-responses',
      [
        ['warning', 'above', 2_000],
        ['critical', 'above', 5_000],
      ],
    ],
    [
      'github-rate-limit',
      [
        ['warning', 'atMost', 0.2],
        ['critical', 'atMost', 0.1],
      ],
    ],
    [
      'health-check',
      [
        ['warning', 'atLeast', 1],
        ['critical', 'atLeast', 2],
      ],
    ],
    [
      'database-connection',
      [
        ['warning', 'atLeast', 1],
        ['critical', 'atLeast', 2],
      ],
    ],
    [
      'job-failed',
      [
        ['warning', 'atLeast', 1],
        ['critical', 'atLeast', 3],
      ],
    ],
    ['new-error', [['info', 'atLeast', 1]]],
    [
      'traffic-silent',
      [
        ['warning', 'above', 10 * minute],
        ['critical', 'above', 30 * minute],
      ],
    ],
    ['slo-fast-burn', [['critical', 'above', 14.4]]],
    ['slo-medium-burn', [['critical', 'above', 6]]],
    ['slo-slow-burn', [['warning', 'above', 1]]],
  ])('%s has the thresholds that were asked for', (name, levels) => {
    const { levels: own } = ruleNamed(name);
    expect(own.map(({ severity, comparison, threshold }) => [severity, comparison, threshold])).toEqual(
      levels,
    );
  });

  test('each helps whoever it wakes', () => {
    for (const rule of builtin().rules) {
      expect(rule.title).not.toBe(rule.name);
      expect(rule.description).not.toBe('');
      expect(rule.playbook.length).toBeGreaterThanOrEqual(3);
      expect(rule.runbook).toBe(`docs/alerts.md#${rule.name}`);
      expect(rule.annotations.impact).toBeDefined();
    }
  });

  test('what is clear-cut fires at once, and the next evaluation comes within two seconds', () => {
    for (const name of [
      'error-rate',
      'slow-responses',
      'github-rate-limit',
      'health-check',
      'database-connection',
    ]) {
      const { levels, everyMs } = ruleNamed(name);
      expect([name, everyMs, levels.at(-1)?.forMs]).toEqual([name, 2_000, 0]);
    }
  });

  test('only what may be chance is quiet', () => {
    const quiet = builtin().rules.filter((rule) => rule.quiet);
    expect(quiet.map(({ name }) => name)).toEqual(['traffic-anomaly', 'latency-anomaly']);
  });

  test.each<[string, boolean]>([
    ['db', true],
    ['users-db', true],
    ['mydb', true],
    ['DB_2', true],
    ['Postgres', true],
    ['redis-cache', true],
    ['sandbox', false],
    ['telegram', false],
    ['disk', false],
  ])('a check named %s is one of a database: %s', (name, isDatabase) => {
    const takes = (rule: string) => compileMatchers(ruleNamed(rule).select)({ service: 'bot', name });
    expect([takes('database-connection'), takes('health-check')]).toEqual([isDatabase, !isDatabase]);
  });

  test('a dead database hides what follows from it, and nothing else', () => {
    const hides = builtin().policy.inhibit.find(({ name }) => name === 'database-hides-what-follows');
    const isTarget = compileMatchers(hides?.target ?? []);
    const hidden = builtin()
      .rules.map(({ name }) => name)
      .filter((rule) => isTarget({ rule }));
    expect(hidden).toEqual([
      'error-rate',
      'slow-responses',
      'job-failed',
      'new-error',
      'slo-fast-burn',
      'slo-medium-burn',
      'slo-slow-burn',
    ]);
    expect(compileMatchers(hides?.source ?? [])({ rule: 'database-connection', severity: 'critical' })).toBe(
      true,
    );
  });
});

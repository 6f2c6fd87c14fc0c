import { describe, expect, it } from 'vitest';
import { nothingFound, type TriagedAlert, triageOf } from '../../../src/domain/alerts/triage.ts';
import type { Evidence } from '../../../src/domain/events/alerts.ts';
import { evidence } from '../../support/alertScript.ts';

const start = 1_790_000_000_000;
const minute = 60_000;

const triage = (over: Partial<Evidence>, alert: Partial<TriagedAlert> = {}) =>
  triageOf({
    title: 'Many requests of bot fail',
    startedAt: start,
    labels: { service: 'bot' },
    evidence: evidence(over),
    playbook: ['Roll back.'],
    lines: [],
    ...alert,
  });

const deploy = (minutesBefore: number, service = 'bot') => ({
  time: start - minutesBefore * minute,
  service,
  name: 'v2',
});
const related = (minutesBefore: number, severity: 'info' | 'warning' | 'critical') => ({
  episode: 'ep_db',
  rule: 'database-health',
  labels: { service: 'db' },
  severity,
  since: start - minutesBefore * minute,
});
const error = (count: number, message: string) => ({
  fingerprint: message,
  message,
  count,
  requestIds: ['r1'],
});
const operation = (name: string, failed: number) => ({
  service: 'bot',
  operation: name,
  requests: 100,
  failed,
});

describe('the root causes', () => {
  it.each<[string, Partial<Evidence>, [string, number][]]>([
    ['nothing points anywhere', {}, []],
    ['a deploy just before', { deploys: [deploy(5)] }, [['the deploy of bot v2', 0.8]]],
    ['a deploy within the hour', { deploys: [deploy(40)] }, [['the deploy of bot v2', 0.5]]],
    ['a deploy of another service', { deploys: [deploy(5, 'shop')] }, [['the deploy of shop v2', 0.48]]],
    ['a deploy of long ago', { deploys: [deploy(61)] }, []],
    ['a deploy after it began', { deploys: [deploy(-1)] }, []],
    [
      'an alert that began before',
      { related: [related(3, 'critical')] },
      [['what the alert database-health of db tells of', 0.75]],
    ],
    [
      'an alert that has gone on for long before',
      { related: [related(16, 'warning')] },
      [['what the alert database-health of db tells of', 0.35]],
    ],
    ['an alert that began at the same moment', { related: [related(0, 'critical')] }, []],
    ['an alert that began later', { related: [related(-1, 'critical')] }, []],
    [
      'one error among few others',
      { topErrors: [error(8, 'refused'), error(2, 'late')] },
      [['one error: refused', 0.56]],
    ],
    ['as many of one error as of others', { topErrors: [error(3, 'a'), error(3, 'b'), error(3, 'c')] }, []],
    [
      'one operation that fails most',
      { operations: [operation('search', 1), operation('checkout', 9)] },
      [['the operation checkout of bot', 0.45]],
    ],
    [
      'operations that fail alike',
      { operations: [operation('a', 3), operation('b', 3), operation('c', 3)] },
      [],
    ],
    ['operations that do not fail', { operations: [operation('a', 0)] }, []],
  ])('%s', (_, over, expected) => {
    const { rootCauses } = triage(over);
    expect(rootCauses.map(({ cause, confidence }) => [cause, confidence])).toEqual(expected);
    for (const { evidence: why } of rootCauses) expect(why.length).toBeGreaterThan(0);
  });

  it('come with the likeliest first, and the summary names it', () => {
    const { rootCauses, summary } = triage({
      deploys: [deploy(5)],
      related: [related(2, 'warning')],
      topErrors: [error(10, 'refused')],
      users: { affected: 2, exact: true },
    });
    expect(rootCauses.map(({ confidence }) => confidence)).toEqual([0.8, 0.7, 0.5]);
    expect(summary).toBe(
      'Many requests of bot fail. 2 users are affected. The evidence points to this first: the deploy of bot v2.',
    );
  });

  it('are none where there is no evidence, and that is said', () => {
    const { rootCauses, summary, suggestions } = triage({}, { evidence: undefined });
    expect([rootCauses, suggestions]).toEqual([[], ['Roll back.']]);
    expect(summary).toContain('Nothing was written down');
    expect(triage({}).summary).toContain('points to no cause');
    expect(nothingFound('ep_9')).toMatchObject({ found: false, summary: 'No alert ep_9 is known.' });
  });
});

it('the timeline brings all that happened into one order', () => {
  const { timeline, related: others } = triage(
    { deploys: [deploy(5)], related: [related(2, 'critical')], topErrors: [error(1, 'refused')] },
    { lines: [{ time: start, kind: 'step', title: 'fired' }] },
  );
  expect(timeline.map(({ kind, title }) => [kind, title])).toEqual([
    ['deploy', 'bot v2'],
    ['related_alert', 'database-health of db (critical)'],
    ['step', 'fired'],
  ]);
  expect(others).toEqual([
    { kind: 'alert', id: 'ep_db', title: 'database-health of db (critical)' },
    { kind: 'request', id: 'r1', title: 'refused' },
  ]);
});

import { episodeId, idFrom } from '../alerts/identity.ts';
import type { AlertEventType, Evidence } from './alerts.ts';
import type { EventData } from './catalogue.ts';
import type { NewEvent } from './envelope.ts';

/**
 * One incident of a bot, told by one event of each type: its checkout fails after a deploy. Only what was dismissed
 * belongs to an earlier episode.
 */

const noon = Date.UTC(2026, 0, 31, 12);
const minute = 60_000;
const project = 'shop';
const rule = 'request-errors';
const labels = { project, service: 'bot' };
const episode = episodeId(project, rule, labels, noon);
const pageId = idFrom('example notification');
const silence = 'sil_01939e1f-5b1c-7d35-8f52-0b1a2c3d4e5f';
const onCall = 'key_0f3a9c2b71d4e865';

/** The figures alone; that of the firing has the rest. */
const figuresOf = (at: number, requests: number, failed: number): Evidence => ({
  window: { from: at - 5 * minute, to: at },
  value: failed / requests,
  condition: 'error_rate above 0.05',
  threshold: 0.05,
  recovery: 0.03,
  figures: { requests, failed },
  points: [],
  topErrors: [],
  operations: [],
  users: { affected: failed, exact: true },
  related: [],
  deploys: [],
});

const firedAt = noon + 2 * minute;
const atFiring: Evidence = {
  ...figuresOf(firedAt, 400, 32),
  points: [
    { time: firedAt - 5 * minute, value: 0.02, volume: 200 },
    { time: firedAt - 2.5 * minute, value: 0.14, volume: 200 },
  ],
  topErrors: [
    {
      fingerprint: '9c1185a5c5e9fc54',
      errorCode: 'ECONNREFUSED',
      message: 'connect ECONNREFUSED 10.0.0.7:5432',
      count: 29,
      requestIds: ['req-7781', 'req-7790'],
    },
  ],
  operations: [{ service: 'bot', operation: 'checkout', requests: 110, failed: 30 }],
  related: [
    {
      episode: episodeId(project, 'database-health', labels, noon - minute),
      rule: 'database-health',
      labels,
      severity: 'critical',
      since: noon - minute,
    },
  ],
  deploys: [{ time: noon - 4 * minute, service: 'bot', name: 'v2.14.0' }],
};

const step = (number: number, afterMinutes: number) => ({
  episode,
  rule,
  ruleVersion: 3,
  labels,
  number,
  at: noon + afterMinutes * minute,
});

const title = 'bot: 8.0 % of requests fail';
const shown = {
  title,
  description: 'More than 5 % of the requests of bot have failed over 5 minutes.',
  playbook: ['Look at the newest deploy.', 'See whether the database answers.'],
  runbook: 'https://wiki.example.org/runbooks/request-errors',
  dashboard: 'https://grafana.example.org/d/bot?from=1769860500000&to=1769861100000',
  ruleLabels: { team: 'shop' },
  annotations: { owner: 'team shop' },
  quiet: false,
};

const delivery = { notification: pageId, channel: 'telegram', attempt: 2 };

const examples: { [T in AlertEventType]: EventData<T> } = {
  RulesChanged: {
    revision: 4,
    source: 'api',
    by: onCall,
    text: 'rules:\n  - name: request-errors\n    measure: error_rate\n    warning: above 5%\n    critical: above 10%\n',
    versions: { [rule]: 3 },
  },
  EngineStarted: { version: '0.1.0' },
  ClockAdvanced: { to: noon + 2 * minute },
  AlertSuspected: { ...step(1, 0), severity: 'warning', evidence: figuresOf(noon, 400, 24) },
  AlertDismissed: {
    ...step(2, -59),
    episode: episodeId(project, rule, labels, noon - 60 * minute),
    evidence: figuresOf(noon - 59 * minute, 400, 8),
  },
  AlertFired: {
    ...step(2, 2),
    severity: 'warning',
    activeSince: noon,
    ...shown,
    evidence: atFiring,
  },
  AlertSeverityChanged: {
    ...step(3, 3),
    severity: 'critical',
    from: 'warning',
    title: 'bot: 14.0 % of requests fail',
    evidence: figuresOf(noon + 3 * minute, 400, 56),
  },
  AlertDataLost: {
    ...step(4, 6),
    reason: 'no_traffic',
    evidence: { ...figuresOf(noon + 6 * minute, 0, 0), value: undefined, figures: {} },
  },
  AlertDataReturned: { ...step(5, 7), evidence: figuresOf(noon + 7 * minute, 400, 48) },
  AlertRecoveryBegan: { ...step(6, 12), evidence: figuresOf(noon + 12 * minute, 400, 8) },
  AlertRelapsed: { ...step(7, 13), evidence: figuresOf(noon + 13 * minute, 400, 24) },
  AlertResolved: { ...step(9, 25), cause: 'recovered', evidence: figuresOf(noon + 25 * minute, 400, 4) },
  AlertAmended: {
    ...step(10, 26),
    amends: 2,
    lateEvents: 12,
    evidence: figuresOf(noon + 2 * minute, 412, 36),
  },
  RuleEvaluationFailed: {
    rule,
    ruleVersion: 3,
    at: noon + 40 * minute,
    reason: 'more than 10 000 different labels',
  },
  RuleEvaluationRestored: { rule, ruleVersion: 3, at: noon + 41 * minute },
  AlertAcknowledged: { episode, by: onCall, comment: 'Looking at the database.' },
  AlertResolutionRequested: { episode, by: onCall, comment: 'Rolled back to v2.13.4.' },
  AlertJudged: { episode, rule, verdict: 'real', by: onCall, comment: 'The pool was too small.' },
  SilenceCreated: {
    silence,
    matchers: [{ label: 'service', operator: '=', value: 'bot' }],
    from: noon + 30 * minute,
    until: noon + 90 * minute,
    by: onCall,
    comment: 'The database moves to its new host.',
  },
  SilenceEnded: { silence, by: onCall },
  NotificationRequested: {
    notification: pageId,
    channel: 'telegram',
    route: 'default',
    reason: 'fired',
    group: '5f1d0c7a3be2',
    groupLabels: { service: 'bot' },
    severity: 'warning',
    alerts: [{ episode, rule, labels, severity: 'warning', state: 'firing', title, since: noon }],
    more: 0,
  },
  NotificationAttempted: { ...delivery, attempt: 1 },
  NotificationRefused: {
    ...delivery,
    attempt: 1,
    reason: '429 Too Many Requests: retry after 3',
    retryAt: noon + 2 * minute + 3_400,
  },
  NotificationDelivered: { ...delivery, tookMs: 182.4, answer: 'message 5120' },
  NotificationWithheld: { episode, route: 'default', reason: 'silenced', because: silence },
};

const after: { [T in AlertEventType]?: number } = {
  AlertAcknowledged: 4,
  AlertResolutionRequested: 24,
  AlertJudged: 30,
  SilenceCreated: 29,
  SilenceEnded: 80,
  NotificationRequested: 2,
  NotificationAttempted: 2,
  NotificationRefused: 2,
  NotificationDelivered: 2.06,
  NotificationWithheld: 31,
};

/** When it happened: at the time that it tells itself, or so many minutes into the incident. */
function timeOf(type: AlertEventType): number {
  const data: object = examples[type];
  return 'at' in data && typeof data.at === 'number' ? data.at : noon + (after[type] ?? 0) * minute;
}

export const alertExamples = (Object.keys(examples) as AlertEventType[]).map(
  (type) =>
    // The compiler cannot tie a type to its data through a key of the table.
    ({
      id: idFrom(`example ${type}`),
      type,
      version: 1,
      occurredAt: timeOf(type),
      project: type === 'RulesChanged' ? 'default' : project,
      service: 'chronoscope',
      data: examples[type],
    }) as NewEvent,
);

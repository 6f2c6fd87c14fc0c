import type { EventData } from '../../../src/domain/events/catalogue.ts';
import type { Message, MessageAlert } from '../../../src/projections/notifications/ports.ts';

/** Messages as the outbox hands them to channels: a night at which a support bot's model stopped answering. */

type Fired = EventData<'AlertFired'>;

const minute = 60_000;
export const fixtureStart = Date.UTC(2026, 10, 25, 3, 8);

const evidence: Fired['evidence'] = {
  window: { from: fixtureStart - minute, to: fixtureStart + 4 * minute },
  value: 0.2339,
  condition: 'error_rate above 0.1',
  threshold: 0.1,
  recovery: 0.08,
  figures: { requests: 312, failed: 73 },
  sketch: { accuracy: 0.01, zeros: 0, bins: [[12, 3]] },
  points: Array.from({ length: 5 }, (_, index) => ({
    time: fixtureStart + index * minute,
    value: 0.05 * (index + 1),
    volume: 60,
  })),
  topErrors: [
    {
      fingerprint: '9f3a0c12ab34cd56',
      errorCode: 'MODEL_TIMEOUT',
      message: 'Request to https://models.example/v1/chat timed out after 30000 ms (attempt 3 of 3)',
      count: 51,
      requestIds: ['req-7f3a', 'req-7f41'],
    },
  ],
  operations: [
    { service: 'support-bot', operation: '/ask', requests: 120, failed: 60 },
    { service: 'support-bot', operation: '/summarise', requests: 92, failed: 12 },
    { service: 'support-bot', operation: '/start', requests: 100, failed: 1 },
    { service: 'support-bot', operation: '/help', requests: 3, failed: 0 },
  ],
  users: { affected: 41, exact: true },
  related: [
    {
      episode: 'ep_11aa22bb33cc44dd',
      rule: 'latency-p95',
      labels: { service: 'support-bot' },
      severity: 'warning',
      since: fixtureStart - 2 * minute,
    },
  ],
  deploys: [{ time: fixtureStart - 3 * minute, service: 'support-bot', name: '2.14.0' }],
};

const fired: Fired = {
  episode: 'ep_0f3a9c2b71d4e865',
  rule: 'error-rate',
  ruleVersion: 3,
  labels: { project: 'shop', service: 'support-bot' },
  number: 2,
  at: fixtureStart + 2 * minute,
  severity: 'critical',
  activeSince: fixtureStart,
  title: 'Error rate of support-bot',
  description: 'More requests fail than users put up with. It is counted over five minutes.',
  playbook: [
    'Look at the top error: is it one of ours or of a service that we call?',
    'Was there a deploy just before? Then roll it back: `deploy rollback support-bot`.',
    'When the model is down, switch to the spare one with /model spare.',
    'Tell the users in the status channel.',
  ],
  runbook: 'https://wiki.example/runbooks/error-rate',
  dashboard: 'https://grafana.example/d/bots?from=1795576080000&to=1795576320000&var-service=support-bot',
  ruleLabels: { team: 'bots' },
  annotations: {},
  quiet: false,
  evidence,
};

export const fixtureAlert: MessageAlert = { fired, evidence, state: 'firing', severity: 'critical' };

interface Changes {
  reason?: Message['request']['reason'];
  channel?: string;
  requestedAt?: number;
  more?: number;
  groupLabels?: Record<string, string>;
}

/** A message of these alerts, with everything else as it usually is. */
export function messageOf(alerts: readonly MessageAlert[], changes: Changes = {}): Message {
  const { requestedAt = fixtureStart + 4 * minute } = changes;
  return {
    id: 'ntf-5c0de5c0-de5c-8de5-8c0d-e5c0de5c0de5',
    project: 'shop',
    requestedAt,
    request: {
      notification: 'ntf-5c0de5c0-de5c-8de5-8c0d-e5c0de5c0de5',
      channel: changes.channel ?? 'webhook',
      route: 'everything',
      reason: changes.reason ?? 'fired',
      group: 'a1b2c3d4e5f60718',
      groupLabels: changes.groupLabels ?? { project: 'shop', service: 'support-bot' },
      severity: alerts[0]?.severity ?? 'critical',
      alerts: alerts.map(({ fired: { episode, rule, labels, title, activeSince }, state, severity }) => ({
        episode,
        rule,
        labels,
        severity,
        state,
        title,
        since: activeSince,
      })),
      more: changes.more ?? 0,
    },
    alerts,
  };
}

export const firedMessage = messageOf([fixtureAlert]);

const resolvedAlert: MessageAlert = {
  ...fixtureAlert,
  state: 'resolved',
  evidence: { ...evidence, value: 0.003 },
  resolvedAt: fixtureStart + 14 * minute,
};

export const resolvedMessage = messageOf([resolvedAlert], {
  reason: 'resolved',
  requestedAt: fixtureStart + 14 * minute,
});

/** Twelve at once, the worst of them not first. */
export const stormMessage = messageOf(
  Array.from({ length: 12 }, (_, index) => ({
    ...fixtureAlert,
    severity: index % 3 === 1 ? ('critical' as const) : ('warning' as const),
    state: index === 0 ? ('resolved' as const) : ('firing' as const),
    ...(index === 0 ? { resolvedAt: fixtureStart + 3 * minute } : {}),
    fired: {
      ...fired,
      episode: `ep_${String(index).padStart(16, '0')}`,
      title: `p95 latency of /operation-${index}`,
      activeSince: fixtureStart + index * 1_000,
    },
    evidence: {
      ...evidence,
      condition: index === 0 ? 'latency p95 above 5000' : 'latency p95 above 2000',
      value: 2_400 + 700 * index,
      users: { affected: 7 * index, exact: index % 2 === 0 },
      topErrors: index % 4 === 0 ? [] : evidence.topErrors,
    },
  })),
);

export const hebrewMessage = messageOf([
  {
    ...fixtureAlert,
    severity: 'warning',
    fired: {
      ...fired,
      rule: 'new-error',
      severity: 'warning',
      title: 'New error in שירות-הזמנות 🛒',
      description: '',
      playbook: ['לבדוק את היומן של שירות ההזמנות (orders)'],
    },
    evidence: {
      ...evidence,
      condition: 'new_error above 0',
      value: 4,
      figures: {},
      related: [],
      operations: [{ service: 'orders', operation: 'הזמנה/חדשה', requests: 9, failed: 4 }],
      users: { affected: 3, exact: false },
      topErrors: [
        {
          fingerprint: 'c0ffee',
          errorCode: 'E_STOCK',
          message: 'המלאי של הפריט "חולצה <XL> & 👨‍👩‍👧" אזל, נסו שוב בעוד 5 דקות',
          count: 4,
          requestIds: [],
        },
      ],
    },
  },
]);

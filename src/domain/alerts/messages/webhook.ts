import type { Evidence } from '../../events/alerts.ts';
import type { Told, ToldAlert } from './notice.ts';

/** What programs get. Fields are only ever added to version 1; docs/notifications.md lists them. */
export const webhookBody = ({ id, project, requestedAt, request, alerts }: Told) => ({
  version: 1,
  id,
  project,
  channel: request.channel,
  reason: request.reason,
  route: request.route,
  group: request.group,
  groupLabels: request.groupLabels,
  severity: request.severity,
  status: statusOf(alerts.length > 0 ? alerts : request.alerts),
  requestedAt: rfc3339(requestedAt),
  alerts: alerts.map(alertBody),
  more: request.more + Math.max(0, request.alerts.length - alerts.length),
});

const statusOf = (alerts: readonly { state: ToldAlert['state'] }[]): 'firing' | 'resolved' =>
  alerts.every(({ state }) => state === 'resolved') ? 'resolved' : 'firing';

const alertBody = ({ fired, evidence, state, severity, resolvedAt, acknowledgedBy }: ToldAlert) => ({
  episode: fired.episode,
  rule: fired.rule,
  ruleVersion: fired.ruleVersion,
  state,
  severity,
  labels: fired.labels,
  ruleLabels: fired.ruleLabels,
  annotations: fired.annotations,
  title: fired.title,
  description: fired.description,
  playbook: fired.playbook,
  runbook: fired.runbook ?? null,
  dashboard: fired.dashboard ?? null,
  activeSince: rfc3339(fired.activeSince),
  firedAt: rfc3339(fired.at),
  firedSeverity: fired.severity,
  resolvedAt: resolvedAt === undefined ? null : rfc3339(resolvedAt),
  acknowledgedBy: acknowledgedBy ?? null,
  evidence: evidenceBody(evidence),
});

/** The sketch is left out: it serves the engine's own drawings, and is long. */
const evidenceBody = ({ sketch: _, ...evidence }: Evidence) => ({
  ...evidence,
  value: evidence.value ?? null,
  threshold: evidence.threshold ?? null,
  recovery: evidence.recovery ?? null,
  window: { from: rfc3339(evidence.window.from), to: rfc3339(evidence.window.to) },
  points: evidence.points.map(({ time, value, volume }) => ({
    time: rfc3339(time),
    value: value ?? null,
    volume,
  })),
  related: evidence.related.map(({ since, ...alert }) => ({ ...alert, since: rfc3339(since) })),
  deploys: evidence.deploys.map(({ time, ...deploy }) => ({ time: rfc3339(time), ...deploy })),
});

const longestDate = 8.64e15;

const rfc3339 = (at: number): string | null =>
  Math.abs(at) <= longestDate ? new Date(at).toISOString() : null;

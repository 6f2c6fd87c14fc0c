import { z } from 'zod';
import { type Evidence, verdicts } from '../../../domain/events/alerts.ts';
import type { AlertStep } from '../../../projections/queries/alertHistory.ts';
import type { AlertNotification } from '../../../projections/queries/notifications.ts';
import { timeOf } from '../../../projections/queries/selection.ts';
import { count, instant, ms } from '../reads/shapes.ts';
import { alertShape, shownSaid } from './shapes.ts';

/** An episode with all that was decided, said and told about it. */

const transition = z.object({
  number: count.describe('Counts the steps of the episode'),
  type: z.string().describe('As docs/events.md has it').meta({ example: 'AlertFired' }),
  state: z.string().optional().describe('What it was after the step, where the step changed it'),
  severity: z.string().optional(),
  time: instant,
  recordedAt: instant,
  position: z.string(),
  title: z.string().optional(),
  cause: z.string().optional().describe('Why it was resolved, or why there was no data'),
  by: z.string().optional(),
  amends: count.optional().describe('The step whose figures late events have changed'),
  lateEvents: count.optional(),
  evidence: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'Why: window, figures, points, errors, operations, related alerts, deploys; as in docs/events.md, with times as RFC 3339',
    ),
});

const notification = z.object({
  id: z.string(),
  channel: z.string().optional().describe('Absent of one that was withheld'),
  route: z.string(),
  reason: z.string().describe('Why it was sent, or why it was not'),
  because: z.string().optional().describe('The silence, alert or mute time that kept it back'),
  severity: z.string().optional(),
  state: z.enum(['requested', 'attempted', 'delivered', 'refused', 'withheld']),
  attempts: count,
  time: instant.describe('When it was decided'),
  deliveredAt: instant.optional(),
  tookMs: ms.optional().describe('Of the attempt that was delivered'),
  lastError: z.string().optional(),
  retryAt: instant.optional(),
});

const said = { by: z.string(), at: instant, comment: z.string().optional() };

export const historyBody = alertShape.extend({
  transitions: z.array(transition).describe('In the order in which they were recorded'),
  notifications: z.array(notification),
  feedback: z.array(
    z.object({
      verdict: z.enum(verdicts),
      duplicateOf: z.string().optional(),
      ...said,
      position: z.string(),
    }),
  ),
  resolutionRequested: z.object(said).optional().describe('By whom it was taken as done'),
  playbook: z.array(z.string()),
  annotations: z.record(z.string(), z.string()),
});

export function shownHistory(steps: readonly AlertStep[], notifications: readonly AlertNotification[]) {
  const fired = steps.find(({ type }) => type === 'AlertFired');
  const request = steps.find(({ type }) => type === 'AlertResolutionRequested');
  return {
    transitions: steps.filter(({ number }) => number > 0).map(shownTransition),
    notifications: notifications.map(shownNotification),
    feedback: steps.filter(({ type }) => type === 'AlertJudged').map(shownJudgement),
    playbook: fired?.data.playbook ?? [],
    annotations: fired?.data.annotations ?? {},
    ...(request !== undefined && { resolutionRequested: saidIn(request) }),
  };
}

function shownTransition({ number, type, state, severity, time, recordedAt, position, data }: AlertStep) {
  const { title, by, amends, lateEvents, evidence } = data;
  const cause = data.cause ?? data.reason;
  return {
    number,
    type,
    time: timeOf(time),
    recordedAt: timeOf(recordedAt),
    position,
    ...(state && { state }),
    ...(severity && { severity }),
    ...(title !== undefined && { title }),
    ...(cause !== undefined && { cause }),
    ...(by !== undefined && { by }),
    ...(amends !== undefined && { amends }),
    ...(lateEvents !== undefined && { lateEvents }),
    ...(evidence !== undefined && { evidence: shownEvidence(evidence) }),
  };
}

const shownEvidence = ({ window, points, related, deploys, ...evidence }: Evidence) => ({
  window: { from: timeOf(window.from), to: timeOf(window.to) },
  ...evidence,
  points: points.map((point) => ({ ...point, time: timeOf(point.time) })),
  related: related.map((alert) => ({ ...alert, since: timeOf(alert.since) })),
  deploys: deploys.map((deploy) => ({ ...deploy, time: timeOf(deploy.time) })),
});

const shownNotification = (one: AlertNotification) => ({
  id: one.id,
  route: one.route,
  reason: one.reason,
  state: one.state,
  attempts: one.attempts,
  time: timeOf(one.time),
  ...(one.channel && { channel: one.channel }),
  ...(one.because && { because: one.because }),
  ...(one.severity && { severity: one.severity }),
  ...(one.lastError && { lastError: one.lastError }),
  ...(one.tookMs !== undefined && { tookMs: one.tookMs }),
  ...(one.deliveredAt !== undefined && { deliveredAt: timeOf(one.deliveredAt) }),
  ...(one.retryAt !== undefined && { retryAt: timeOf(one.retryAt) }),
});

const saidIn = ({ data, time }: AlertStep) =>
  shownSaid({ by: data.by ?? '', at: time, comment: data.comment });

const shownJudgement = (step: AlertStep) => ({
  // The type of the step vouches for it.
  verdict: step.data.verdict as (typeof verdicts)[number],
  ...(step.data.duplicateOf !== undefined && { duplicateOf: step.data.duplicateOf }),
  ...saidIn(step),
  position: step.position,
});

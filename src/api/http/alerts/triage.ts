import { z } from 'zod';
import { nothingFound, type Triage, type TriageLine, triageOf } from '../../../domain/alerts/triage.ts';
import { type AlertStep, readAlertHistory } from '../../../projections/queries/alertHistory.ts';
import { type Presence, readAlert } from '../../../projections/queries/alerts.ts';
import {
  type AlertNotification,
  readAlertNotifications,
} from '../../../projections/queries/notifications.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { timeOf } from '../../../projections/queries/selection.ts';
import { presentQuery } from '../reads/query.ts';
import { presenceOf } from '../reads/select.ts';
import { instant, rate } from '../reads/shapes.ts';
import type { AppInstance } from '../server.ts';
import { type AlertReadDeps, alertParams } from './reads.ts';

const triageBody = z.object({
  found: z.boolean(),
  summary: z.string(),
  timeline: z.array(
    z.object({
      time: instant,
      kind: z.enum(['deploy', 'related_alert', 'step', 'person', 'notification']),
      title: z.string(),
    }),
  ),
  rootCauses: z
    .array(
      z.object({
        cause: z.string(),
        confidence: rate.describe('How far the evidence goes, 0 to 1; no probability'),
        evidence: z.array(z.string()),
      }),
    )
    .describe('The likeliest first; empty when the evidence points nowhere'),
  related: z.array(z.object({ kind: z.enum(['alert', 'request']), id: z.string(), title: z.string() })),
  suggestions: z.array(z.string()).describe('The playbook of the rule'),
});

export function triageRoutes(app: AppInstance, deps: AlertReadDeps): void {
  app.get(
    '/v1/alerts/:id/triage',
    {
      config: { role: 'power_user' },
      schema: {
        tags: ['alerts'],
        summary: 'What an alert says of its own cause',
        description:
          'From what was written down when it was decided; `found` is false for an alert that is unknown.',
        params: alertParams,
        querystring: presentQuery,
        response: { 200: triageBody },
      },
    },
    async (request) => {
      const presence = await presenceOf(deps, request, request.query);
      const triage = await triageAlert(deps.reader, presence, request.params.id);
      return { ...triage, timeline: triage.timeline.map((line) => ({ ...line, time: timeOf(line.time) })) };
    },
  );
}

async function triageAlert(reader: Reader, presence: Presence, id: string): Promise<Triage> {
  const [episode, steps, notifications] = await Promise.all([
    readAlert(reader, presence, id),
    readAlertHistory(reader, presence, id),
    readAlertNotifications(reader, presence, id),
  ]);
  if (episode === undefined) return nothingFound(id);
  const fired = steps.find(({ type }) => type === 'AlertFired');
  const telling = fired ?? steps.findLast(({ data }) => data.evidence !== undefined);
  return triageOf({
    title: episode.title || episode.rule,
    startedAt: episode.startedAt,
    labels: episode.labels,
    evidence: telling?.data.evidence,
    playbook: fired?.data.playbook ?? [],
    lines: [...steps.map(lineOf), ...notifications.map(lineOfNotification)],
  });
}

const words: Readonly<Record<string, string>> = {
  AlertSuspected: 'the condition holds',
  AlertDismissed: 'the condition let go before it fired',
  AlertFired: 'fired',
  AlertSeverityChanged: 'changed its severity',
  AlertRecoveryBegan: 'the condition let go',
  AlertRelapsed: 'the condition holds again',
  AlertDataLost: 'nothing to judge by',
  AlertDataReturned: 'there is something to judge by again',
  AlertResolved: 'resolved',
  AlertAmended: 'late events changed earlier figures',
  AlertAcknowledged: 'acknowledged',
  AlertResolutionRequested: 'taken as done',
  AlertJudged: 'judged',
};

function lineOf({ type, number, time, severity, data }: AlertStep): TriageLine {
  const more = [
    severity && type !== 'AlertSuspected' ? severity : undefined,
    data.title,
    data.cause ?? data.reason,
    data.verdict,
    data.by === undefined ? undefined : `by ${data.by}`,
    data.comment,
  ].filter(Boolean);
  const what = words[type] ?? type;
  const title = more.length === 0 ? what : `${what}: ${more.join(', ')}`;
  return { time, kind: number > 0 ? 'step' : 'person', title };
}

const lineOfNotification = ({ time, channel, reason, state, because }: AlertNotification): TriageLine => ({
  time,
  kind: 'notification',
  title: state === 'withheld' ? `kept back: ${reason} ${because}`.trim() : `${channel}: ${reason}, ${state}`,
});

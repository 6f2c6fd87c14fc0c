import type { Evidence } from '../events/alerts.ts';
import { deployText } from './texts.ts';

/** What an alert says of its own cause, from what was written down when it was decided. */

export interface TriageLine {
  time: number;
  kind: 'deploy' | 'related_alert' | 'step' | 'person' | 'notification';
  title: string;
}

export interface RootCause {
  cause: string;
  /** 0 to 1: how far the evidence goes, not how likely it is. */
  confidence: number;
  evidence: string[];
}

export type Related =
  | { kind: 'alert'; id: string; title: string }
  | { kind: 'request'; id: string; title: string };

export interface Triage {
  found: boolean;
  summary: string;
  timeline: TriageLine[];
  rootCauses: RootCause[];
  related: Related[];
  suggestions: string[];
}

export interface TriagedAlert {
  title: string;
  startedAt: number;
  labels: Readonly<Record<string, string>>;
  /** That with which it fired, or the newest of one that has not. */
  evidence: Evidence | undefined;
  playbook: readonly string[];
  lines: readonly TriageLine[];
}

/** A deploy that is longer ago has had its time to show what it breaks. */
const recentDeployMs = 3_600_000;
const freshDeployMs = 600_000;
/** The share from which one error, or one operation, stands for all that failed. */
const dominantShare = 0.5;
/** An error says what failed, and an operation where, which is less than why. */
const mostOfAnError = 0.7;
const mostOfAnOperation = 0.5;

export function triageOf(alert: TriagedAlert): Triage {
  const { evidence, startedAt, playbook } = alert;
  const rootCauses =
    evidence === undefined
      ? []
      : [
          ...deploysBefore(evidence, alert),
          ...alertsBefore(evidence, startedAt),
          ...dominantError(evidence),
          ...dominantOperation(evidence),
        ].sort((a, b) => b.confidence - a.confidence);
  return {
    found: true,
    summary: summaryOf(alert, rootCauses[0]),
    timeline: timelineOf(alert),
    rootCauses,
    related: evidence === undefined ? [] : relatedTo(evidence),
    suggestions: [...playbook],
  };
}

export const nothingFound = (id: string): Triage => ({
  found: false,
  summary: `No alert ${id} is known.`,
  timeline: [],
  rootCauses: [],
  related: [],
  suggestions: [],
});

function summaryOf({ title, evidence }: TriagedAlert, likeliest: RootCause | undefined): string {
  if (evidence === undefined) return `${title}. Nothing was written down of how it came about.`;
  const users = evidence.users.affected;
  const affected = users === 0 ? '' : ` ${users} ${users === 1 ? 'user is' : 'users are'} affected.`;
  const why =
    likeliest === undefined
      ? 'The evidence points to no cause.'
      : `The evidence points to this first: ${likeliest.cause}.`;
  return `${title}.${affected} ${why}`;
}

function deploysBefore({ deploys }: Evidence, { startedAt, labels }: TriagedAlert): RootCause[] {
  return deploys
    .filter(({ time }) => time <= startedAt && startedAt - time <= recentDeployMs)
    .map(({ time, service, name }) => {
      const own = labels.service === undefined || labels.service === service;
      const fresh = startedAt - time <= freshDeployMs;
      return {
        cause: `the deploy of ${deployText(service, name)}`,
        confidence: (fresh ? 0.8 : 0.5) * (own ? 1 : 0.6),
        evidence: [
          `deployed ${lengthText(startedAt - time)} before it began`,
          ...(own ? [] : ['it is another service']),
        ],
      };
    });
}

const likelihood = { critical: 0.75, warning: 0.5, info: 0.25 } as const;
/** What one alert tells of breaks other things soon, or seldom. */
const soonMs = 900_000;

const alertsBefore = ({ related }: Evidence, startedAt: number): RootCause[] =>
  related
    .filter(({ since }) => since < startedAt)
    .map(({ rule, severity, since, labels }) => ({
      cause: `what the alert ${rule}${placeText(labels)} tells of`,
      confidence: rounded(likelihood[severity] * (startedAt - since <= soonMs ? 1 : 0.7)),
      evidence: [`${severity}, and began ${lengthText(startedAt - since)} before this one`],
    }));

function dominantError({ topErrors }: Evidence): RootCause[] {
  const [top] = topErrors;
  const all = topErrors.reduce((sum, { count }) => sum + count, 0);
  if (top === undefined || all === 0 || top.count / all < dominantShare) return [];
  const share = top.count / all;
  return [
    {
      cause: `one error: ${top.errorCode === undefined ? '' : `${top.errorCode}: `}${top.message}`,
      confidence: rounded(share * mostOfAnError),
      evidence: [`${top.count} of the ${all} errors that were most frequent`],
    },
  ];
}

function dominantOperation({ operations }: Evidence): RootCause[] {
  const all = operations.reduce((sum, { failed }) => sum + failed, 0);
  const worst = operations.reduce<(typeof operations)[number] | undefined>(
    (most, one) => (most === undefined || one.failed > most.failed ? one : most),
    undefined,
  );
  if (worst === undefined || all === 0 || worst.failed / all < dominantShare) return [];
  return [
    {
      cause: `the operation ${worst.operation} of ${worst.service}`,
      confidence: rounded((worst.failed / all) * mostOfAnOperation),
      evidence: [`${worst.failed} of ${all} failures; it had ${worst.requests} requests`],
    },
  ];
}

function timelineOf({ lines, evidence }: TriagedAlert): TriageLine[] {
  const deploys = (evidence?.deploys ?? []).map(
    ({ time, service, name }): TriageLine => ({ time, kind: 'deploy', title: deployText(service, name) }),
  );
  const alerts = (evidence?.related ?? []).map(
    ({ since, rule, severity, labels }): TriageLine => ({
      time: since,
      kind: 'related_alert',
      title: `${rule}${placeText(labels)} (${severity})`,
    }),
  );
  return [...deploys, ...alerts, ...lines].sort((a, b) => a.time - b.time);
}

const relatedTo = ({ related, topErrors }: Evidence): Related[] => [
  ...related.map(
    ({ episode, rule, severity, labels }): Related => ({
      kind: 'alert',
      id: episode,
      title: `${rule}${placeText(labels)} (${severity})`,
    }),
  ),
  ...topErrors.flatMap(({ requestIds, message }) =>
    requestIds.map((id): Related => ({ kind: 'request', id, title: message })),
  ),
];

const placeText = (labels: Readonly<Record<string, string>>): string => {
  const place = Object.entries(labels).filter(([name]) => name !== 'project' && name !== 'fingerprint');
  return place.length === 0 ? '' : ` of ${place.map(([, value]) => value).join(' ')}`;
};

const rounded = (fraction: number): number => Math.round(fraction * 100) / 100;

function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

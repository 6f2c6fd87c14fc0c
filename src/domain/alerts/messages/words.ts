import { rankOf, type Severity } from '../rule.ts';
import { said } from './clean.ts';
import { counted, lengthText } from './format.ts';
import type { Told, ToldAlert } from './notice.ts';

export type Tone = Severity | 'good';

export const markOf: Readonly<Record<Tone, string>> = {
  critical: '🔴',
  warning: '🟠',
  info: '🔵',
  good: '✅',
};

const allResolved = ({ request, alerts }: Told): boolean =>
  (alerts.length > 0 ? alerts : request.alerts).every(({ state }) => state === 'resolved');

/** That of the worst alert that still fires; good when none does. */
export function toneOf(told: Told): Tone {
  if (allResolved(told)) return 'good';
  const firing = told.alerts.filter(({ state }) => state !== 'resolved');
  const worst = firing.toSorted((a, b) => rankOf(b.severity) - rankOf(a.severity))[0];
  return worst?.severity ?? told.request.severity;
}

const longestTitle = 160;

/** State, severity and what broke, in this order: the first words are all that a locked screen shows. */
export function headlineOf(told: Told, total: number): string {
  const tone = toneOf(told);
  const [only] = told.alerts;
  const severity = tone === 'good' ? (only?.severity ?? told.request.severity) : tone;
  return [`${markOf[tone]} ${wordOf(told)}`, severity, subjectOf(told, total)].join(' · ');
}

function subjectOf({ request, alerts }: Told, total: number): string {
  const fired = alerts[0]?.fired ?? request.alerts[0];
  if (total <= 1)
    return said(fired?.title ?? '', longestTitle) || said(fired?.rule ?? 'an alert', longestTitle);
  const labels = Object.entries(request.groupLabels).filter(([name]) => name !== 'project');
  const shared = labels.map(([name, value]) => (name === 'rule' ? value : `${name}=${value}`)).join(' ');
  return `${counted(total, 'alert')}${shared === '' ? '' : ` of ${said(shared, longestTitle)}`}`;
}

function wordOf(told: Told): string {
  const { request, alerts } = told;
  if (request.reason === 'flapping') return 'FLAPPING';
  if (request.reason === 'calmed') return allResolved(told) ? 'CALM AGAIN, RESOLVED' : 'CALM AGAIN, FIRING';
  if (allResolved(told)) return 'RESOLVED';
  switch (request.reason) {
    case 'changed':
      return alerts.length === 1 ? changeOf(alerts[0]) : 'CHANGED';
    case 'repeated':
      return 'STILL FIRING';
    case 'escalated':
      return 'ESCALATED';
    // Some of a group have resolved, and others have not.
    case 'resolved':
      return 'PARTLY RESOLVED';
    case 'fired':
      return 'FIRING';
  }
}

function changeOf(alert: ToldAlert | undefined): string {
  if (alert === undefined || alert.severity === alert.fired.severity) return 'CHANGED';
  return rankOf(alert.severity) > rankOf(alert.fired.severity) ? 'WORSE' : 'BETTER';
}

export function noteOf(told: Told): string | undefined {
  const [first] = told.alerts;
  const changed = first !== undefined && first.severity !== first.fired.severity;
  switch (told.request.reason) {
    case 'escalated':
      return `Nobody has acknowledged this${first === undefined ? '' : ` for ${lengthText(told.requestedAt - earliest(told))}`}.`;
    case 'repeated':
      return 'A reminder: it was told before and has not ended.';
    case 'flapping':
      return 'It fires and resolves again and again. Nothing more is sent until it has calmed down.';
    case 'calmed':
      return 'It has stopped flapping. From now on each change is told again.';
    case 'changed':
      return told.alerts.length === 1 && changed
        ? `It was ${first.fired.severity} and is ${first.severity} now.`
        : undefined;
    case 'fired':
    case 'resolved':
      return undefined;
  }
}

const earliest = ({ alerts }: Told): number => Math.min(...alerts.map(({ fired }) => fired.at));

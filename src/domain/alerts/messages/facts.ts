import type { Evidence } from '../../events/alerts.ts';
import { deployText } from '../texts.ts';
import { linkTo, said } from './clean.ts';
import { conditionText, counted, countText, lengthText, spanText, timeText, valueText } from './format.ts';
import type { Told, ToldAlert } from './notice.ts';

export interface Text {
  kind: 'text' | 'code';
  text: string;
}

/** One thing that the reader wants to know, on one line or on several. */
export interface Fact {
  label: string;
  /** Begins after an empty line where facts stand one below the other. */
  apart?: true;
  lines: readonly (readonly Text[])[];
}

/** How much of each is told: the rest is on the dashboard, or in the alert's triage. */
const most = { operations: 3, related: 3, steps: 3 } as const;
/** Of the figures, those that say more than the value itself does. The others are for programs. */
const toldFigures: readonly string[] = ['requests', 'failed', 'runs', 'present', 'usual'];
const longest = {
  name: 60,
  labels: 160,
  message: 280,
  briefMessage: 60,
  condition: 120,
  description: 280,
  step: 180,
} as const;

const surroundingsMs = 900_000;

const plain = (text: string): Text => ({ kind: 'text', text });
const line = (label: string, ...texts: readonly string[]): Fact[] =>
  texts.length === 0 ? [] : [{ label, lines: texts.map((text) => [plain(text)]) }];

/** Everything worth knowing of one alert, what matters most first. */
export function factsOf(alert: ToldAlert, told: Told): Fact[] {
  const { fired, evidence, state } = alert;
  const resolved = state === 'resolved';
  return [
    ...sinceFact(alert, told.requestedAt),
    ...howBadFact(alert),
    ...forWhomFact(evidence, resolved),
    ...whyFact(evidence),
    ...(resolved ? [] : [...deployFact(evidence, fired.activeSince), ...relatedFact(evidence)]),
    ...(alert.acknowledgedBy === undefined ? [] : line('Taken by', said(alert.acknowledgedBy, longest.name))),
    ...(fired.description === '' || resolved
      ? []
      : line('About', said(fired.description, longest.description))),
    ...labelsFact(fired.labels, told.project),
    ...(resolved ? [] : [...toDoFact(fired.playbook), ...runbookFact(fired.runbook)]),
  ];
}

/** Two lines for an alert among others. */
export function summaryOf(alert: ToldAlert, told: Told): Fact[] {
  const { evidence } = alert;
  const [since] = sinceFact(alert, told.requestedAt);
  const parts = [
    ...(alert.state === 'resolved' ? [] : [howBad(evidence)]),
    ...(evidence.users.affected > 0 ? [users(evidence)] : []),
    `${alert.state === 'resolved' ? 'lasted' : 'since'} ${since?.lines[0]?.[0]?.text ?? ''}`,
  ];
  const [error] = evidence.topErrors;
  return [
    { label: '', lines: [[plain(parts.filter(Boolean).join(' · '))]] },
    ...(error === undefined || alert.state === 'resolved'
      ? []
      : [{ label: '', lines: [errorText(error, longest.briefMessage)] }]),
  ];
}

function sinceFact({ fired, state, resolvedAt }: ToldAlert, now: number): Fact[] {
  const { activeSince } = fired;
  if (state === 'resolved') {
    const end = resolvedAt ?? now;
    return line('Lasted', `${lengthText(end - activeSince)}, ${spanText(activeSince, end)}`);
  }
  const recovering = state === 'recovering' ? ', recovering' : '';
  return line('Since', `${timeText(activeSince)} (${lengthText(now - activeSince)}${recovering})`);
}

function howBad({ value, condition }: Evidence): string {
  const told = said(conditionText(condition), longest.condition);
  return value === undefined ? told : `${valueText(condition, value)} (${told})`;
}

function howBadFact({ fired, evidence, state }: ToldAlert): Fact[] {
  const first = fired.evidence.value;
  const condition = fired.evidence.condition;
  if (state === 'resolved') {
    const end = evidence.value === undefined ? [] : [`${valueText(condition, evidence.value)} now`];
    const start = first === undefined ? [] : [`${valueText(condition, first)} as it fired`];
    return line(
      'How bad',
      [...end, ...start].join(', ') || said(conditionText(condition), longest.condition),
    );
  }
  const figures = Object.entries(evidence.figures)
    .filter(([name]) => toldFigures.includes(name))
    .map(([name, value]) => `${name} ${countText(value)}`);
  return line('How bad', [howBad(evidence), ...figures].join(', '));
}

const users = ({ users: { affected, exact } }: Evidence): string =>
  `${exact ? '' : 'about '}${counted(affected, 'user')}`;

function forWhomFact(evidence: Evidence, resolved: boolean): Fact[] {
  const affected = evidence.users.affected > 0 ? [`${users(evidence)} affected`] : [];
  const operations = resolved ? [] : evidence.operations.slice(0, most.operations).map(operationText);
  const left = resolved ? 0 : evidence.operations.length - operations.length;
  // Who is touched is known of the last quarter of an hour, however long the rule looks back.
  const recent = evidence.window.to - evidence.window.from > surroundingsMs ? ' (last 15 min)' : '';
  return line(
    `For whom${recent}`,
    ...affected,
    ...operations,
    ...(left > 0 ? [`and ${counted(left, 'more operation')}`] : []),
  );
}

function operationText({ service, operation, requests, failed }: Evidence['operations'][number]): string {
  const name = [service, operation]
    .map((text) => said(text, longest.name))
    .filter(Boolean)
    .join(' ');
  return `${name}: ${failed > 0 ? `${countText(failed)} of ` : ''}${counted(requests, 'request')}${failed > 0 ? ' failed' : ''}`;
}

function errorText(
  { count, errorCode, message }: Evidence['topErrors'][number],
  length: number,
): readonly Text[] {
  const parts = [said(errorCode ?? '', longest.name), said(message, length)].filter(Boolean);
  const shown = [...new Set(parts)].join(': ') || 'an error without a message';
  return [plain(`${countText(count)} × `), { kind: 'code', text: shown }];
}

const whyFact = ({ topErrors: [error] }: Evidence): Fact[] =>
  error === undefined ? [] : [{ label: 'Why', lines: [errorText(error, longest.message)] }];

function deployFact({ deploys }: Evidence, since: number): Fact[] {
  const last = deploys.toSorted((a, b) => b.time - a.time)[0];
  if (last === undefined) return [];
  const distance = lengthText(Math.abs(since - last.time));
  const name = deployText(said(last.service, longest.name), said(last.name, longest.name));
  return line(
    'Last deploy',
    `${name}, ${timeText(last.time)}, ${distance} ${last.time <= since ? 'before' : 'after'} it began`,
  );
}

function relatedFact({ related }: Evidence): Fact[] {
  const shown = related
    .slice(0, most.related)
    .map(
      ({ rule, labels, severity }) =>
        `${said([rule, ...placeOf(labels)].join(' '), longest.name)} (${severity})`,
    );
  const left = related.length - shown.length;
  return shown.length === 0
    ? []
    : line('Also firing', [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', '));
}

/** Where it is: two alerts of one rule would look the same without. */
const placeOf = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels)
    .filter(([name]) => name !== 'project' && name !== 'fingerprint')
    .map(([, value]) => value);

function toDoFact(playbook: readonly string[]): Fact[] {
  const steps = playbook
    .slice(0, most.steps)
    .map((step, index) => `${index + 1}. ${said(step, longest.step)}`);
  const left = playbook.length - steps.length;
  const more = left > 0 ? [`and ${counted(left, 'more step')}`] : [];
  return line('What to do', ...steps, ...more).map((fact) => ({ ...fact, apart: true }));
}

/** One that is no address is a page of the project's own documentation. */
const runbookFact = (runbook: string | undefined): Fact[] =>
  runbook === undefined || linkTo(runbook) !== undefined ? [] : line('Runbook', said(runbook, longest.step));

function labelsFact(labels: Readonly<Record<string, string>>, project: string): Fact[] {
  const others = Object.entries(labels).filter(([name]) => name !== 'project');
  const all = project === 'default' ? others : [['project', project] as const, ...others];
  const text = all.map(([name, value]) => `${name}=${value}`).join(' ');
  return text === '' ? [] : line('Labels', said(text, longest.labels));
}

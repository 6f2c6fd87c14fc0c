import type { EventData } from '../../events/catalogue.ts';
import { rankOf, type Severity } from '../rule.ts';
import { linkTo, said } from './clean.ts';
import { type Fact, factsOf, summaryOf, type Text } from './facts.ts';
import { headlineOf, markOf, noteOf, type Tone, toneOf } from './words.ts';

/** What is told, as the outbox hands it to a channel. */
export interface Told {
  id: string;
  project: string;
  requestedAt: number;
  request: EventData<'NotificationRequested'>;
  alerts: readonly ToldAlert[];
}

export interface ToldAlert {
  fired: EventData<'AlertFired'>;
  evidence: EventData<'AlertFired'>['evidence'];
  state: 'firing' | 'recovering' | 'resolved';
  severity: Severity;
  resolvedAt?: number;
  acknowledgedBy?: string;
}

/** A message in words, before any medium's way of writing. All texts of others in it are on one line and bounded. */
export interface Notice {
  tone: Tone;
  headline: string;
  /** What the headline's word means for the reader, where it needs saying. */
  note: string | undefined;
  /** One alert in full, or several in short. */
  alone: boolean;
  sections: readonly Section[];
  /** Alerts beyond the sections. */
  more: number;
}

export interface Section {
  tone: Tone;
  title: string;
  facts: readonly Fact[];
  links: readonly { text: string; url: string }[];
  /** What to type to be told more; it holds the episode's id. */
  hint: Text;
}

/** What fits on a telephone; the rest is counted. */
const mostSections = 8;

export function noticeOf(told: Told, most = mostSections): Notice {
  const named = Math.max(told.request.alerts.length, told.alerts.length);
  const total = named + told.request.more;
  const alone = total <= 1;
  const sorted = told.alerts.toSorted(byUrgency);
  const sections = sorted.slice(0, most).map((alert) => sectionOf(alert, told, alone));
  return {
    tone: toneOf(told),
    headline: headlineOf(told, total),
    note: noteOf(told),
    alone,
    sections,
    more: total - sections.length,
  };
}

/** Those that still fire first, the worst first, the oldest first. */
const byUrgency = (a: ToldAlert, b: ToldAlert): number =>
  Number(a.state === 'resolved') - Number(b.state === 'resolved') ||
  rankOf(b.severity) - rankOf(a.severity) ||
  a.fired.activeSince - b.fired.activeSince;

const longestTitle = 120;

function sectionOf(alert: ToldAlert, told: Told, alone: boolean): Section {
  const { fired } = alert;
  const tone: Tone = alert.state === 'resolved' ? 'good' : alert.severity;
  const links = [
    { text: 'Dashboard', url: linkTo(fired.dashboard) },
    { text: 'Runbook', url: linkTo(fired.runbook) },
  ];
  return {
    tone,
    title: `${markOf[tone]} ${said(fired.title, longestTitle) || said(fired.rule, longestTitle)}`,
    facts: alone ? factsOf(alert, told) : summaryOf(alert, told),
    links: alone ? links.flatMap(({ text, url }) => (url === undefined ? [] : [{ text, url }])) : [],
    hint: { kind: 'code', text: `GET /v1/alerts/${said(fired.episode, 64)}/triage` },
  };
}

import type { EventData } from '../../events/catalogue.ts';
import type { Fact } from '../alert.ts';
import type { Labels, Comparison as LevelComparison, Severity } from '../rule.ts';
import type { Unit } from '../texts.ts';

/** What a back-test answers: plain JSON. Times are epoch milliseconds of the events' own time. */

export const backtestModes = ['as_arrived', 'as_known'] as const;
/** In the order in which the log took the events, or in the order in which they happened. */
export type BacktestMode = (typeof backtestModes)[number];

export type VerdictName = EventData<'AlertJudged'>['verdict'];

export interface BacktestTransition {
  at: number;
  type: Fact['type'] | 'AlertAmended';
  episode: string;
  rule: string;
  labels: Labels;
  severity?: Severity;
  value?: number;
  cause?: string;
}

/** One that fired within the stretch. */
export interface BacktestEpisode {
  id: string;
  rule: string;
  labels: Labels;
  /** The worst that it came to. */
  severity: Severity;
  /** When the condition began to hold. */
  startedAt: number;
  firedAt: number;
  resolvedAt?: number;
  /** The condition held when the stretch began, so that it may have begun before. */
  openAtStart: boolean;
  openAtEnd: boolean;
  /** With which it fired. */
  value?: number;
  threshold?: number;
  transitions: number;
  /** What people said of it, when the recorded alerts had the same one. */
  verdict?: VerdictName;
}

export interface BacktestNotification {
  at: number;
  channel: string;
  route: string;
  reason: EventData<'NotificationRequested'>['reason'];
  severity: Severity;
  alerts: { episode: string; rule: string; state: 'firing' | 'recovering' | 'resolved' }[];
}

/** Against what people said of the alerts that were recorded. */
export interface Quality {
  /** Episodes that were judged real. */
  confirmed: number;
  found: number;
  /** Found episodes that overlap any judged one, and those of them that overlap a confirmed one. */
  judged: number;
  right: number;
  /** Of what was found and can be told, how much was real; absent when nothing can be told. */
  precision?: number;
  /** Of what was real, how much was found. */
  recall?: number;
  medianDelayMs?: number;
  /** From the begin of a confirmed episode to the firing that found it. */
  delays: { incident: string; episode: string; delayMs: number }[];
}

export interface RuleOutcome {
  rule: string;
  version: number;
  fired: number;
  firingMs: number;
  notifications: number;
  quality?: Quality;
}

/** The outcome of one rule set. */
export interface Outcome {
  rules: RuleOutcome[];
  fired: number;
  firingMs: number;
  episodes: BacktestEpisode[];
  moreEpisodes: number;
  transitions: BacktestTransition[];
  moreTransitions: number;
  notifications: BacktestNotification[];
  moreNotifications: number;
  notified: number;
  byChannel: Record<string, number>;
  quality?: Quality;
}

/** The same condition under both rule sets; `byMs` is how much later it fires now, negative for earlier. */
export interface MovedEpisode {
  rule: string;
  labels: Labels;
  before: BacktestEpisode;
  after: BacktestEpisode;
  byMs: number;
}

export interface Comparison {
  /** What was compared with: `current`, or `given`. */
  with: string;
  /** The first of each; how many there are is in the counts. */
  added: BacktestEpisode[];
  gone: BacktestEpisode[];
  moved: MovedEpisode[];
  counts: { added: number; gone: number; earlier: number; later: number; same: number };
  rules: { rule: string; before: RuleFigures; after: RuleFigures }[];
  before: RuleFigures;
  after: RuleFigures;
}

export interface RuleFigures {
  fired: number;
  firingMs: number;
  notifications: number;
}

export interface GridCell {
  threshold: number;
  forMs: number;
  fired: number;
  firingMs: number;
  precision?: number;
  recall?: number;
  medianDelayMs?: number;
}

export interface GridResult {
  rule: string;
  severity: Severity;
  /** What the thresholds are in. */
  unit: Unit;
  comparison: LevelComparison;
  /** What the rule says now. */
  present: { threshold: number; forMs: number };
  cells: GridCell[];
}

/** What the log cannot tell. */
export interface Gaps {
  /** From when on the log has events; absent when it reaches back far enough. */
  logBegins?: number;
  /** Rules whose windows lack events until then. */
  untrusted: { rule: string; until: number }[];
  /** Stretches in which nothing at all was recorded. */
  silent: { from: number; to: number }[];
  moreSilent: number;
  /** Events that came too late for every window. */
  tooLate: number;
  /** Late events that were left in the place where they arrived, as there were too many to sort. */
  leftInPlace: number;
}

export interface BacktestResult extends Outcome {
  project: string;
  mode: BacktestMode;
  from: number;
  to: number;
  /** From when on windows were filled. */
  warmedFrom: number;
  /** Of the project within the stretch. */
  events: number;
  compared?: Comparison;
  grid?: GridResult;
  gaps: Gaps;
}

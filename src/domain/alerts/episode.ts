import { episodeId } from './identity.ts';
import { advanceLevel, holds, isResting, type LevelState, restingLevel, withoutData } from './level.ts';
import { type Labels, type Level, type Rule, rankOf, type Severity } from './rule.ts';

/**
 * The life of one rule for one set of labels: `inactive → pending → firing → recovering → inactive`. From pending on it
 * is an episode with an id of its own. Whether people are told is decided elsewhere and changes nothing here.
 */

export type DataReason = 'no_traffic' | 'too_little' | 'source_silent';
type ResolutionCause = 'recovered' | 'no_data' | 'person' | 'rule_changed' | 'rule_removed';

export interface Episode {
  id: string;
  /** Steps recorded of it so far. */
  steps: number;
  state: 'pending' | 'firing' | 'recovering';
  severity: Severity;
  openedAt: number;
  /** The step that fired it, and when. */
  fired: { number: number; at: number } | undefined;
  /** It was said that there is nothing to judge it by. */
  dataLost: boolean;
}

export interface Alert {
  /** One for each level of the rule. */
  levels: readonly LevelState[];
  episode: Episode | undefined;
  /** A person has ended it at this severity: it stays down until the condition lets go, or gets worse. */
  heldDown: Severity | undefined;
  /** Since when there has been nothing to judge it by. */
  noDataSince: number | undefined;
}

export type Verdict = { kind: 'value'; value: number } | { kind: 'no_data'; reason: DataReason };

export type AlertCommand =
  | { kind: 'evaluate'; at: number; verdict: Verdict }
  /** A person takes it as done. */
  | { kind: 'resolve'; at: number; by: string; episode: string }
  | { kind: 'retire'; at: number; cause: 'rule_changed' | 'rule_removed' };

export type Step =
  | { type: 'AlertSuspected'; severity: Severity }
  | { type: 'AlertDismissed' }
  | { type: 'AlertFired'; severity: Severity; activeSince: number }
  | { type: 'AlertSeverityChanged'; severity: Severity; from: Severity }
  | { type: 'AlertRecoveryBegan' }
  | { type: 'AlertRelapsed' }
  | { type: 'AlertDataLost'; reason: DataReason }
  | { type: 'AlertDataReturned' }
  | { type: 'AlertResolved'; cause: ResolutionCause; by?: string };

export type Fact = Step & { at: number; episode: string; number: number };

export interface Subject {
  rule: Rule;
  project: string;
  labels: Labels;
}

/** An alert that has had no data for so long is given up. */
const givenUpAfterMs = 86_400_000;
/** At most: too little data comes and goes, and is told only when it stays. */
const lostAfterMs = 600_000;

export const initialAlert = (rule: Rule): Alert => ({
  levels: rule.levels.map(() => restingLevel),
  episode: undefined,
  heldDown: undefined,
  noDataSince: undefined,
});

export const isInactive = ({ levels, episode }: Alert): boolean =>
  episode === undefined && levels.every(isResting);

/** Whether a verdict leaves an alert at rest that is at rest; so nearly every reading is judged. */
export const staysAtRest = ({ levels, noData }: Rule, verdict: Verdict): boolean =>
  verdict.kind === 'no_data'
    ? noData !== 'fire'
    : !levels.some((level) => holds(level, restingLevel, verdict.value));

/** What a command leads to; levels move without a fact while nothing that is shown of the alert changes. */
export function decideAlert(
  command: AlertCommand,
  alert: Alert,
  subject: Subject,
): { facts: readonly Fact[]; alert: Alert } {
  switch (command.kind) {
    case 'evaluate': {
      const { at, verdict } = command;
      const noDataSince = verdict.kind === 'no_data' ? (alert.noDataSince ?? at) : undefined;
      const levels = advanceLevels(at, verdict, { ...alert, noDataSince }, subject.rule);
      const heldDown = stillHeld(alert.heldDown, levels, subject.rule);
      const next = { ...alert, levels, heldDown, noDataSince };
      if (heldDown !== undefined) return { facts: [], alert: next };
      return apply(next, subject, stepsTo(command, next, subject.rule), at);
    }
    case 'resolve': {
      const { at, by, episode } = command;
      if (alert.episode?.id !== episode || alert.episode.state === 'pending') return { facts: [], alert };
      return apply(alert, subject, [{ type: 'AlertResolved', cause: 'person', by }], at);
    }
    case 'retire': {
      const { cause, at } = command;
      const after = initialAlert(subject.rule);
      if (alert.episode === undefined) return { facts: [], alert: after };
      const pending = alert.episode.state === 'pending';
      const step: Step = pending ? { type: 'AlertDismissed' } : { type: 'AlertResolved', cause };
      return { facts: apply(alert, subject, [step], at).facts, alert: after };
    }
  }
}

function advanceLevels(
  at: number,
  verdict: Verdict,
  { levels, noDataSince }: Alert,
  rule: Rule,
): LevelState[] {
  const advance = (level: Level, state: LevelState, condition: boolean) =>
    advanceLevel(state, condition, at, { forMs: level.forMs, keepFiringForMs: rule.keepFiringForMs });
  const withoutValue = (level: Level, state: LevelState): LevelState => {
    switch (rule.noData) {
      case 'resolve':
        return advance(level, state, false);
      case 'fire':
        // Silence says nothing of how bad it is, so the least severity that there is.
        return level === rule.levels[0] ? advance(level, state, true) : withoutData(state);
      case 'keep':
        return at - (noDataSince ?? at) >= givenUpAfterMs ? restingLevel : withoutData(state);
    }
  };
  return rule.levels.map((level, index) => {
    const state = levels[index] ?? restingLevel;
    return verdict.kind === 'value'
      ? advance(level, state, holds(level, state, verdict.value))
      : withoutValue(level, state);
  });
}

function stillHeld(
  heldDown: Severity | undefined,
  levels: readonly LevelState[],
  rule: Rule,
): Severity | undefined {
  if (heldDown === undefined) return undefined;
  const { state, severity } = shownBy(levels, rule);
  const lets = state === 'inactive' || state === 'pending' || rankOf(severity) > rankOf(heldDown);
  return lets ? undefined : heldDown;
}

interface Shown {
  state: 'inactive' | Episode['state'];
  severity: Severity;
}

function shownBy(levels: readonly LevelState[], rule: Rule): Shown {
  let firing: Level | undefined;
  let pending: Level | undefined;
  let holding = false;
  rule.levels.forEach((level, index) => {
    const state = levels[index] ?? restingLevel;
    if (isResting(state)) return;
    if (!state.firing) pending = level;
    else {
      if (firing === undefined || rankOf(level.severity) > rankOf(firing.severity)) firing = level;
      holding ||= state.recoveringSince === undefined;
    }
  });
  const worst: Level | undefined = firing ?? pending;
  const severity = worst?.severity ?? 'info';
  if (firing !== undefined) return { state: holding ? 'firing' : 'recovering', severity };
  return { state: pending === undefined ? 'inactive' : 'pending', severity };
}

function stepsTo(
  { at, verdict }: { at: number; verdict: Verdict },
  { levels, episode, noDataSince }: Alert,
  rule: Rule,
): Step[] {
  const next = shownBy(levels, rule);
  const { severity } = next;
  const noData = verdict.kind === 'no_data';
  if (episode === undefined || episode.state === 'pending') {
    if (next.state === 'inactive') return episode === undefined ? [] : [{ type: 'AlertDismissed' }];
    if (next.state === 'pending') return episode === undefined ? [{ type: 'AlertSuspected', severity }] : [];
    const activeSince = Math.min(...levels.map((level) => level.activeSince ?? at));
    return [{ type: 'AlertFired', severity, activeSince }];
  }
  const steps: Step[] = [];
  const lost = noDataSince !== undefined && at - noDataSince >= Math.min(rule.windowMs, lostAfterMs);
  if (noData && lost && !episode.dataLost) steps.push({ type: 'AlertDataLost', reason: verdict.reason });
  if (!noData && episode.dataLost) steps.push({ type: 'AlertDataReturned' });
  if (next.state === 'inactive' || next.state === 'pending') {
    steps.push({ type: 'AlertResolved', cause: noData ? 'no_data' : 'recovered' });
    if (next.state === 'pending') steps.push({ type: 'AlertSuspected', severity });
    return steps;
  }
  if (severity !== episode.severity)
    steps.push({ type: 'AlertSeverityChanged', severity, from: episode.severity });
  if (next.state !== episode.state)
    steps.push({ type: next.state === 'recovering' ? 'AlertRecoveryBegan' : 'AlertRelapsed' });
  return steps;
}

function apply(
  alert: Alert,
  { rule, project, labels }: Subject,
  steps: readonly Step[],
  at: number,
): { facts: Fact[]; alert: Alert } {
  const facts: Fact[] = [];
  let present = alert;
  for (const step of steps) {
    const opens = present.episode === undefined;
    const episode = present.episode?.id ?? episodeId(project, rule.name, labels, at);
    const fact: Fact = { ...step, at, episode, number: opens ? 1 : (present.episode?.steps ?? 0) + 1 };
    facts.push(fact);
    present = evolveAlert(present, fact, rule);
  }
  return { facts, alert: present };
}

/** Also brings back an alert from what was recorded of it, when nothing else is left. */
export function evolveAlert(alert: Alert, fact: Fact, rule: Rule): Alert {
  const { number, at } = fact;
  const before = alert.episode;
  const steps = number;
  const opened = (severity: Severity): Episode => ({
    id: fact.episode,
    steps,
    state: 'pending',
    severity,
    openedAt: at,
    fired: undefined,
    dataLost: false,
  });
  switch (fact.type) {
    case 'AlertSuspected':
      return { ...alert, episode: opened(fact.severity), heldDown: undefined };
    case 'AlertFired': {
      const { severity } = fact;
      const episode = before ?? opened(severity);
      const firing: Episode = { ...episode, steps, state: 'firing', severity, fired: { number, at } };
      return { ...alert, episode: firing, heldDown: undefined };
    }
    case 'AlertDismissed':
      return { ...alert, episode: undefined };
    case 'AlertResolved':
      switch (fact.cause) {
        case 'person':
          return { ...alert, episode: undefined, heldDown: before?.severity };
        case 'rule_changed':
        case 'rule_removed':
          return initialAlert(rule);
        default:
          return { ...alert, episode: undefined };
      }
    case 'AlertSeverityChanged':
      return { ...alert, episode: before && { ...before, steps, severity: fact.severity } };
    case 'AlertRecoveryBegan':
      return { ...alert, episode: before && { ...before, steps, state: 'recovering' } };
    case 'AlertRelapsed':
      return { ...alert, episode: before && { ...before, steps, state: 'firing' } };
    case 'AlertDataLost':
      return {
        ...alert,
        episode: before && { ...before, steps, dataLost: true },
        noDataSince: alert.noDataSince ?? at,
      };
    case 'AlertDataReturned':
      return { ...alert, episode: before && { ...before, steps, dataLost: false }, noDataSince: undefined };
  }
}

/**
 * The levels of an alert of which nothing but its recorded steps is left, as far as these tell. What reaches a level has
 * reached the milder ones too.
 */
export function levelsAfter(fact: Fact, { levels }: Alert, rule: Rule): LevelState[] {
  const { at } = fact;
  const each = (next: (state: LevelState, level: Level) => LevelState) =>
    rule.levels.map((level, index) => next(levels[index] ?? restingLevel, level));
  switch (fact.type) {
    case 'AlertSuspected':
    case 'AlertFired':
    case 'AlertSeverityChanged': {
      const since = fact.type === 'AlertFired' ? fact.activeSince : at;
      const isPending = fact.type === 'AlertSuspected';
      const rank = rankOf(fact.severity);
      return each((state, level) => {
        if (rankOf(level.severity) > rank) return restingLevel;
        // When what a person has ended lets go is not recorded, so that it may still look as if it fired.
        if (isPending) return { ...restingLevel, activeSince: state.firing ? at : (state.activeSince ?? at) };
        const activeSince = state.activeSince ?? since;
        const lasted = level.severity === fact.severity || at - activeSince >= level.forMs;
        return { ...state, activeSince, firing: state.firing || lasted };
      });
    }
    case 'AlertRecoveryBegan':
      return each((state) => (state.firing ? { ...state, recoveringSince: at } : restingLevel));
    case 'AlertRelapsed':
      return each((state) => ({ ...state, recoveringSince: undefined }));
    case 'AlertDismissed':
      return each(() => restingLevel);
    case 'AlertResolved':
      return each((state) => (state.firing && fact.cause !== 'person' ? restingLevel : state));
    case 'AlertDataLost':
    case 'AlertDataReturned':
      return [...levels];
  }
}

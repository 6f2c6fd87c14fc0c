import {
  type Alert,
  type DataReason,
  type Episode,
  type Fact,
  initialAlert,
  type Step,
  type Subject,
} from './alert.ts';
import { evolveAlert } from './evolve.ts';
import { episodeId } from './identity.ts';
import { advanceLevel, holds, isResting, type LevelState, restingLevel, withoutData } from './level.ts';
import { type Level, type Rule, rankOf, type Severity } from './rule.ts';

/** What is decided of an alert, by the life that `alert.ts` describes. */

export type Verdict = { kind: 'value'; value: number } | { kind: 'no_data'; reason: DataReason };

export type AlertCommand =
  | { kind: 'evaluate'; at: number; verdict: Verdict }
  /** A person takes it as done. */
  | { kind: 'resolve'; at: number; by: string; episode: string }
  | { kind: 'retire'; at: number; cause: 'rule_changed' | 'rule_removed' };

/** An alert that has had no data for so long is given up. */
const givenUpAfterMs = 86_400_000;
/** At most: too little data comes and goes, and is told only when it stays. */
const lostAfterMs = 600_000;

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

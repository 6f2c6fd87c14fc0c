import type { Evidence } from '../../events/alerts.ts';
import type { EventData } from '../../events/catalogue.ts';
import type { Fact, Subject } from '../alert.ts';
import type { Details, Reading } from '../measures/kind.ts';
import { type Level, type Rule, rankOf, type Severity } from '../rule.ts';
import { figureText, fillIn, fillInAddress, measureText, type TextValues, unitOf } from '../texts.ts';
import { type Decision, stepDecision } from './decision.ts';

/** Puts into words and figures why a step was taken, at the moment it is taken. */

type Surroundings = Pick<Evidence, 'topErrors' | 'operations' | 'users' | 'deploys' | 'related'>;

export interface Why {
  reading: Reading | undefined;
  details: Details;
  surroundings: Surroundings;
}

const words = { above: '>', atLeast: '≥', below: '<', atMost: '≤' } as const;

/** The level that a severity stands for; a rule may lack it after it was changed. */
const levelFor = (rule: Rule, severity: Severity): Level | undefined =>
  rule.levels.find((level) => level.severity === severity) ??
  rule.levels.filter((level) => rankOf(level.severity) <= rankOf(severity)).at(-1) ??
  rule.levels[0];

export function evidenceOf(rule: Rule, severity: Severity, at: number, why: Why): Evidence {
  const level = levelFor(rule, severity);
  const { sketch, figures, points } = why.details;
  const unit = unitOf(rule.measure);
  return {
    window: windowAt(rule, at),
    ...(why.reading?.value !== undefined && { value: why.reading.value }),
    condition:
      level === undefined
        ? measureText(rule.measure)
        : `${measureText(rule.measure)} ${words[level.comparison]} ${figureText(level.threshold, unit)}`,
    ...(level !== undefined && { threshold: level.threshold, recovery: level.recovery }),
    figures,
    ...(sketch !== undefined && { sketch }),
    points,
    ...why.surroundings,
  };
}

const windowAt = (rule: Rule, at: number) => ({ from: at - rule.windowMs, to: at });

export function decisionOf(fact: Fact, subject: Subject, severity: Severity, why: Why): Decision {
  const { rule, labels } = subject;
  const { episode, number, at } = fact;
  const step = { episode, rule: rule.name, ruleVersion: rule.version, labels, number, at };
  const evidence = evidenceOf(rule, severity, at, why);
  const decide = <T extends Fact['type']>(type: T, data: EventData<T>) =>
    stepDecision(type, data, subject, fact);
  switch (fact.type) {
    case 'AlertSuspected':
      return decide(fact.type, { ...step, severity: fact.severity, evidence });
    case 'AlertFired': {
      const { activeSince } = fact;
      const shown = shownOf(subject, fact.severity, evidence);
      return decide(fact.type, { ...step, severity: fact.severity, activeSince, ...shown, evidence });
    }
    case 'AlertSeverityChanged': {
      // On its way down its figure says little of what it was about; the title stays as it was.
      const rises = rankOf(fact.severity) > rankOf(fact.from);
      const title = rises ? shownOf(subject, fact.severity, evidence).title : '';
      return decide(fact.type, { ...step, severity: fact.severity, from: fact.from, title, evidence });
    }
    case 'AlertDataLost':
      return decide(fact.type, { ...step, reason: fact.reason, evidence });
    case 'AlertResolved': {
      const by = fact.by === undefined ? {} : { by: fact.by };
      return decide(fact.type, { ...step, cause: fact.cause, ...by, evidence });
    }
    case 'AlertDismissed':
    case 'AlertRecoveryBegan':
    case 'AlertRelapsed':
    case 'AlertDataReturned':
      return decide(fact.type, { ...step, evidence });
  }
}

function shownOf({ rule, project, labels }: Subject, severity: Severity, evidence: Evidence) {
  const values: TextValues = {
    rule,
    project,
    labels,
    severity,
    value: evidence.value,
    threshold: evidence.threshold ?? 0,
    // Some room about it, so that the chart shows how it came and where it goes.
    window: { from: evidence.window.from - rule.windowMs, to: evidence.window.to + rule.windowMs },
  };
  const fill = (text: string) => fillIn(text, values);
  return {
    title: fill(rule.title).slice(0, 500),
    description: fill(rule.description).slice(0, 4_000),
    playbook: rule.playbook.map((line) => fill(line).slice(0, 1_000)),
    ...(rule.runbook !== undefined && { runbook: rule.runbook }),
    ...(rule.dashboard !== undefined && {
      dashboard: fillInAddress(rule.dashboard, values).slice(0, 4_000),
    }),
    ruleLabels: rule.labels,
    annotations: Object.fromEntries(
      Object.entries(rule.annotations).map(([name, text]) => [name, fill(text).slice(0, 4_000)]),
    ),
    quiet: rule.quiet,
  };
}

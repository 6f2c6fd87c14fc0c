import type { Evidence } from '../../events/alerts.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import { type Alert, type Fact, initialAlert, isInactive, type Subject } from '../alert.ts';
import { decideAlert } from '../episode.ts';
import { evolveAlert, levelsAfter } from '../evolve.ts';
import { restingLevel } from '../level.ts';
import type { Labels, Rule } from '../rule.ts';

/** The alerts of one rule that are not at rest. */

export interface TrackedAlert {
  labels: Labels;
  alert: Alert;
  /** Late events since it fired or was amended, and when that was. */
  late: number;
  amendedAt: number;
  /** The number of events that it fired on. */
  firedOn: number;
}

export interface RuleState {
  rule: Rule;
  /** By the key of their series. */
  alerts: Map<string, TrackedAlert>;
  failing: boolean;
}

export interface SavedRuleState {
  name: string;
  version: number;
  failing: boolean;
  alerts: [key: string, tracked: TrackedAlert][];
}

export const saveRuleState = ({ rule, alerts, failing }: RuleState): SavedRuleState => ({
  name: rule.name,
  version: rule.version,
  failing,
  alerts: [...alerts].map(([key, tracked]) => [key, { ...tracked }]),
});

export const restoreRuleState = (rule: Rule, saved: SavedRuleState | undefined): RuleState =>
  saved === undefined || saved.version !== rule.version
    ? { rule, alerts: new Map(), failing: false }
    : {
        rule,
        alerts: new Map(
          saved.alerts.map(([key, tracked]) => [key, { ...tracked, alert: completed(tracked.alert) }]),
        ),
        failing: saved.failing,
      };

/** JSON leaves out what is undefined; with it back in its place, the same alert is saved as the same bytes again. */
const completed = ({ levels, episode, heldDown, noDataSince }: Alert): Alert => ({
  levels: levels.map((level) => ({ ...restingLevel, ...level })),
  episode: episode && {
    id: episode.id,
    steps: episode.steps,
    state: episode.state,
    severity: episode.severity,
    openedAt: episode.openedAt,
    fired: episode.fired,
    dataLost: episode.dataLost,
  },
  heldDown,
  noDataSince,
});

/** What fires goes on firing under a new version of its rule that still means the same alerts. */
export function carryOver(rule: Rule, former: RuleState | undefined): RuleState {
  const same =
    former !== undefined &&
    former.rule.measure.kind === rule.measure.kind &&
    former.rule.by.join() === rule.by.join() &&
    severitiesOf(former.rule) === severitiesOf(rule);
  return same
    ? { rule, alerts: former.alerts, failing: former.failing }
    : { rule, alerts: new Map(), failing: false };
}

const severitiesOf = ({ levels }: Rule): string => levels.map(({ severity }) => severity).join();

/** Ends what a rule that is gone has left open. */
export function retire(
  { rule, alerts }: RuleState,
  project: string,
  at: number,
  cause: 'rule_changed' | 'rule_removed',
): { subject: Subject; facts: readonly Fact[]; before: Alert }[] {
  return [...alerts.values()].map(({ labels, alert }) => {
    const subject = { rule, project, labels };
    return { subject, before: alert, ...decideAlert({ kind: 'retire', at, cause }, alert, subject) };
  });
}

export const trackedOf = (state: RuleState, key: string, labels: Labels): TrackedAlert =>
  state.alerts.get(key) ?? { labels, alert: initialAlert(state.rule), late: 0, amendedAt: 0, firedOn: 0 };

export function keep(state: RuleState, key: string, tracked: TrackedAlert): void {
  if (isInactive(tracked.alert)) state.alerts.delete(key);
  else state.alerts.set(key, tracked);
}

export type RecordedStep = RecordedEvent<Fact['type'] | 'AlertAmended'>;

const stepTypes: Readonly<Record<RecordedStep['type'], true>> = {
  AlertSuspected: true,
  AlertDismissed: true,
  AlertFired: true,
  AlertSeverityChanged: true,
  AlertRecoveryBegan: true,
  AlertRelapsed: true,
  AlertDataLost: true,
  AlertDataReturned: true,
  AlertResolved: true,
  AlertAmended: true,
};

export const isStep = (event: RecordedEvent): event is RecordedStep => Object.hasOwn(stepTypes, event.type);

/** An alert as its recorded steps leave it. */
export function recalled(tracked: TrackedAlert, step: RecordedStep, rule: Rule): TrackedAlert {
  const { alert } = tracked;
  if (step.type === 'AlertAmended') {
    const episode = alert.episode && { ...alert.episode, steps: step.data.number };
    return { ...tracked, alert: { ...alert, episode }, late: 0, amendedAt: step.data.at };
  }
  const fact = { type: step.type, ...step.data } as Fact;
  const evolved = evolveAlert(alert, fact, rule);
  const next = { ...tracked, alert: { ...evolved, levels: levelsAfter(fact, evolved, rule) } };
  if (step.type !== 'AlertFired') return next;
  return { ...next, late: 0, amendedAt: fact.at, firedOn: volumeOf(step.data.evidence) };
}

/** As each measure names the number of events that it rests on. */
const volumeOf = ({ figures }: Evidence): number =>
  figures.requests ?? figures.samples ?? figures.count ?? figures.runs ?? 0;

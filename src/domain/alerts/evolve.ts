import { type Alert, type Episode, type Fact, initialAlert } from './alert.ts';
import { type LevelState, restingLevel } from './level.ts';
import { type Level, type Rule, rankOf, type Severity } from './rule.ts';

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

import type { Comparison, Level } from './rule.ts';

/**
 * One severity of a rule for one set of labels, by the rules of Prometheus: it fires when *now − activeSince ≥ for*, goes
 * on firing while the time since the condition ended is less than *keepFiringFor*, and one false evaluation ends what
 * has not fired yet.
 */
export interface LevelState {
  activeSince: number | undefined;
  firing: boolean;
  /** Since when the condition of a firing one no longer holds. */
  recoveringSince: number | undefined;
}

export const restingLevel: LevelState = { activeSince: undefined, firing: false, recoveringSince: undefined };

export const isResting = (state: LevelState): boolean => state.activeSince === undefined;

export function compare(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case 'above':
      return value > threshold;
    case 'atLeast':
      return value >= threshold;
    case 'below':
      return value < threshold;
    case 'atMost':
      return value <= threshold;
  }
}

/** What fires is left at a level of its own, so that a value about the threshold does not make it come and go. */
export const holds = (level: Level, state: LevelState, value: number): boolean =>
  compare(value, level.comparison, state.firing ? level.recovery : level.threshold);

export function advanceLevel(
  state: LevelState,
  condition: boolean,
  at: number,
  { forMs, keepFiringForMs }: { forMs: number; keepFiringForMs: number },
): LevelState {
  if (condition) {
    const activeSince = state.activeSince ?? at;
    return { activeSince, firing: state.firing || at - activeSince >= forMs, recoveringSince: undefined };
  }
  if (!state.firing) return restingLevel;
  const recoveringSince = state.recoveringSince ?? at;
  return at - recoveringSince < keepFiringForMs ? { ...state, recoveringSince } : restingLevel;
}

/** Without data a pending one cannot be confirmed, and a firing one cannot be said to have ended. */
export const withoutData = (state: LevelState): LevelState => (state.firing ? state : restingLevel);

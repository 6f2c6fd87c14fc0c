import { isResting, type LevelState, restingLevel } from './level.ts';
import type { Labels, Rule, Severity } from './rule.ts';

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

export const initialAlert = (rule: Rule): Alert => ({
  levels: rule.levels.map(() => restingLevel),
  episode: undefined,
  heldDown: undefined,
  noDataSince: undefined,
});

export const isInactive = ({ levels, episode }: Alert): boolean =>
  episode === undefined && levels.every(isResting);

import type { Window } from '../../window.ts';
import { type Incident, incidentsFor, qualityOf } from './judged.ts';
import type { Replay } from './replay.ts';
import type { BacktestEpisode, Outcome, RuleOutcome, VerdictName } from './result.ts';

export interface Judged {
  incidents: readonly Incident[];
  verdictOf: (episode: string) => VerdictName | undefined;
}

/** All that was found; what is shown of it may be less. */
export type Found = Outcome;

const mostShown = 5_000;

export const shownOf = (found: Found): Outcome => ({
  ...found,
  episodes: found.episodes.slice(0, mostShown),
  moreEpisodes: found.moreEpisodes + Math.max(0, found.episodes.length - mostShown),
});

/** What one rule set has come to over the stretch. */
export function outcomeOf(replay: Replay, window: Window, { incidents, verdictOf }: Judged): Found {
  const { episodes, notices, ruleSet } = replay;
  const firingMs = firingWithin(window);
  const list = episodes.list.map((episode) => {
    const verdict = verdictOf(episode.id);
    return verdict === undefined ? episode : { ...episode, verdict };
  });
  const rules = ruleSet.rules.map(({ name, version }): RuleOutcome => {
    const own = list.filter(({ rule }) => rule === name);
    const judged = incidentsFor(name, incidents);
    const quality = judged.some(({ rule }) => rule === name) ? qualityOf(own, judged) : undefined;
    return {
      rule: name,
      version,
      fired: own.length,
      firingMs: sumOf(own, firingMs),
      notifications: notices?.byRule.get(name) ?? 0,
      ...(quality && { quality }),
    };
  });
  const quality = qualityOf(list, incidents);
  return {
    rules,
    fired: list.length + episodes.moreEpisodes,
    firingMs: sumOf(list, firingMs),
    episodes: list,
    moreEpisodes: episodes.moreEpisodes,
    transitions: episodes.transitions,
    moreTransitions: episodes.moreTransitions,
    notifications: notices?.list ?? [],
    moreNotifications: notices?.more ?? 0,
    notified: notices?.count ?? 0,
    byChannel: Object.fromEntries(notices?.byChannel ?? []),
    ...(quality && { quality }),
  };
}

/** How long an episode fired within the stretch. */
export const firingWithin =
  ({ from, to }: Window) =>
  ({ firedAt, resolvedAt }: BacktestEpisode): number =>
    Math.max(0, Math.min(resolvedAt ?? to, to) - Math.max(firedAt, from));

const sumOf = (episodes: readonly BacktestEpisode[], of: (one: BacktestEpisode) => number): number =>
  episodes.reduce((sum, one) => sum + of(one), 0);

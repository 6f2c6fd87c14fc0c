import { labelsText } from '../identity.ts';
import type { Found } from './outcome.ts';
import type { BacktestEpisode, Comparison, MovedEpisode, RuleFigures } from './result.ts';

const mostListed = 500;

/** What a rule set finds that another does not, and what it finds earlier or later. */
export function compare(before: Found, after: Found, name: string): Comparison {
  const known = new Map<string, BacktestEpisode[]>();
  for (const episode of before.episodes) {
    const key = seriesOf(episode);
    known.set(key, [...(known.get(key) ?? []), episode]);
  }
  const added: BacktestEpisode[] = [];
  const moved: MovedEpisode[] = [];
  let same = 0;
  for (const episode of after.episodes) {
    const others = known.get(seriesOf(episode)) ?? [];
    const match = others.find((one) => overlap(one, episode));
    if (match === undefined) {
      added.push(episode);
      continue;
    }
    others.splice(others.indexOf(match), 1);
    const byMs = episode.firedAt - match.firedAt;
    if (byMs === 0) same++;
    else moved.push({ rule: episode.rule, labels: episode.labels, before: match, after: episode, byMs });
  }
  const gone = [...known.values()].flat().sort((a, b) => a.firedAt - b.firedAt);
  return {
    with: name,
    added: added.slice(0, mostListed),
    gone: gone.slice(0, mostListed),
    moved: moved.slice(0, mostListed),
    counts: {
      added: added.length,
      gone: gone.length,
      earlier: moved.filter(({ byMs }) => byMs < 0).length,
      later: moved.filter(({ byMs }) => byMs > 0).length,
      same,
    },
    rules: rulesOf(before, after),
    before: totalOf(before),
    after: totalOf(after),
  };
}

const seriesOf = ({ rule, labels }: BacktestEpisode): string => `${rule}\n${labelsText(labels)}`;

const overlap = (a: BacktestEpisode, b: BacktestEpisode): boolean =>
  a.startedAt <= (b.resolvedAt ?? Number.POSITIVE_INFINITY) &&
  b.startedAt <= (a.resolvedAt ?? Number.POSITIVE_INFINITY);

function rulesOf(before: Found, after: Found): Comparison['rules'] {
  const names = new Set([...after.rules, ...before.rules].map(({ rule }) => rule));
  const figures = (outcome: Found, name: string): RuleFigures => {
    const found = outcome.rules.find(({ rule }) => rule === name);
    return {
      fired: found?.fired ?? 0,
      firingMs: found?.firingMs ?? 0,
      notifications: found?.notifications ?? 0,
    };
  };
  return [...names].map((rule) => ({ rule, before: figures(before, rule), after: figures(after, rule) }));
}

const totalOf = ({ fired, firingMs, notified }: Found): RuleFigures => ({
  fired,
  firingMs,
  notifications: notified,
});

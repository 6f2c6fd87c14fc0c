import { compileMatchers } from '../matchers.ts';
import type { Inhibition, Labels } from '../rule.ts';
import { labelIn } from './alertLabels.ts';
import type { Routing } from './routing.ts';
import type { Episode } from './state.ts';

/** Alerts that are held back because another one fires that says more. */
export interface Inhibitions {
  by(episode: Episode): { name: string; episode: string } | undefined;
  /** When the last one ended that held it back. */
  releasedAt(episode: Episode): number | undefined;
}

export interface CompiledInhibition {
  name: string;
  isSource(labels: Labels): boolean;
  isTarget(labels: Labels): boolean;
  /** Equal for alerts that agree in what has to be equal. */
  keyOf(labels: Labels): string;
}

interface Sources {
  firing?: string;
  endedAt?: number;
}

export const compileInhibition = ({ name, source, target, equal }: Inhibition): CompiledInhibition => ({
  name,
  isSource: compileMatchers(source),
  isTarget: compileMatchers(target),
  // A service of the same name in another project is another service.
  keyOf: (labels) => JSON.stringify([labels.project, ...equal.map((label) => labelIn(labels, label))]),
});

export function inhibitionsAmong(episodes: Iterable<Episode>, routing: Routing): Inhibitions {
  const all = routing.inhibitions.map((rule) => ({
    rule,
    sources: new Map<string, Sources>(),
    oneSided: new Map<string, Sources>(),
  }));
  for (const episode of episodes) {
    // What a person has called noise must not keep the truth from anybody.
    if (episode.verdict === 'noise') continue;
    const labels = routing.labelsOf(episode);
    for (const { rule, sources, oneSided } of all) {
      if (!rule.isSource(labels)) continue;
      note(sources, rule.keyOf(labels), episode);
      if (!rule.isTarget(labels)) note(oneSided, rule.keyOf(labels), episode);
    }
  }
  // Alerts that fit both sides cannot hold each other back, nor one itself: that would keep all of them from being told.
  const sourcesOf = (episode: Episode) => {
    const labels = routing.labelsOf(episode);
    return all.flatMap(({ rule, sources, oneSided }) => {
      if (!rule.isTarget(labels)) return [];
      const found = (rule.isSource(labels) ? oneSided : sources).get(rule.keyOf(labels));
      return found === undefined ? [] : [{ name: rule.name, ...found }];
    });
  };
  return {
    by: (episode) =>
      sourcesOf(episode).flatMap(({ name, firing }) =>
        firing === undefined ? [] : [{ name, episode: firing }],
      )[0],
    releasedAt: (episode) =>
      sourcesOf(episode).reduce<number | undefined>(
        (latest, { endedAt }) => (endedAt === undefined || endedAt < (latest ?? 0) ? latest : endedAt),
        undefined,
      ),
  };
}

function note(sources: Map<string, Sources>, key: string, { episode, resolvedAt }: Episode): void {
  const before = sources.get(key) ?? {};
  if (resolvedAt === undefined) sources.set(key, { ...before, firing: before.firing ?? episode });
  else sources.set(key, { ...before, endedAt: Math.max(before.endedAt ?? 0, resolvedAt) });
}

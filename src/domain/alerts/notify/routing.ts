import { hash64 } from '../../fingerprint/hash.ts';
import { compileMatchers } from '../matchers.ts';
import type { Flapping, Labels, Policy, Route } from '../rule.ts';
import { allLabels, labelIn } from './alertLabels.ts';
import { type CompiledInhibition, compileInhibition } from './inhibition.ts';
import { type MuteClock, muteClock } from './muteTimes.ts';
import type { Episode } from './state.ts';

/** A policy made ready for use with the channels that there are. */
export interface Routing {
  flapping: Flapping;
  inhibitions: readonly CompiledInhibition[];
  /** Undefined when no route takes it, so that nobody is told. */
  placeOf(episode: Episode): Place | undefined;
  labelsOf(episode: Episode): Labels;
  hasChannel(name: string): boolean;
}

/** Where an alert goes. */
export interface Place {
  route: Route;
  channels: readonly string[];
  escalations: readonly { afterMs: number; channels: readonly string[] }[];
  mutes: readonly MuteClock[];
  group: string;
  groupLabels: Labels;
}

interface CompiledRoute extends Pick<Place, 'route' | 'channels' | 'escalations' | 'mutes'> {
  matches(labels: Labels): boolean;
}

export function compileRouting(policy: Policy, channels: readonly string[]): Routing {
  const routes = policy.routes.map((route) => compileRoute(route, policy, channels));
  const known = new WeakMap<Episode, { severity: string; labels: Labels; place: Place | undefined }>();
  const lookUp = (episode: Episode) => {
    const before = known.get(episode);
    if (before?.severity === episode.severity) return before;
    const labels = allLabels(episode);
    const route = routes.find(({ matches }) => matches(labels));
    const place = route === undefined ? undefined : placeIn(route, labels, episode.project);
    const found = { severity: episode.severity, labels, place };
    known.set(episode, found);
    return found;
  };
  return {
    flapping: policy.flapping,
    inhibitions: policy.inhibit.map(compileInhibition),
    placeOf: (episode) => lookUp(episode).place,
    labelsOf: (episode) => lookUp(episode).labels,
    hasChannel: (name) => channels.includes(name),
  };
}

function compileRoute(route: Route, policy: Policy, channels: readonly string[]): CompiledRoute {
  const present = (names: readonly string[]) =>
    names.length === 0 ? channels : names.filter((name) => channels.includes(name));
  return {
    route,
    matches: compileMatchers(route.match),
    channels: present(route.channels),
    escalations: route.escalate
      .map(({ afterMs, channels: names }) => ({ afterMs, channels: present(names) }))
      .sort((a, b) => a.afterMs - b.afterMs),
    mutes: policy.mute.filter(({ name }) => route.mute.includes(name)).map(muteClock),
  };
}

function placeIn({ matches: _, ...route }: CompiledRoute, labels: Labels, project: string): Place {
  const present = route.route.groupBy
    .map((name) => [name, labelIn(labels, name)] as const)
    .filter(([, value]) => value !== '');
  const group = `gr_${hash64(JSON.stringify([project, route.route.name, present]))}`;
  return { ...route, group, groupLabels: Object.fromEntries(present) };
}

import type { withheldReasons } from '../../events/alerts.ts';
import { rankOf } from '../rule.ts';
import { type Inhibitions, inhibitionsAmong } from './inhibition.ts';
import { mutedUntil } from './muteTimes.ts';
import type { Place, Routing } from './routing.ts';
import { type SilencedBy, type silenceReader, silenceTimes } from './silences.ts';
import type { Episode, PlannerState } from './state.ts';

export interface Withholding {
  reason: (typeof withheldReasons)[number];
  because?: string;
}

/** The planner's state as it looks at one time, and the times at which that changes by itself. */
export interface Moment {
  now: number;
  state: PlannerState;
  routing: Routing;
  inhibitions: Inhibitions;
  silencedBy: SilencedBy;
  /** The mute time that holds a route back. */
  mutedBy(place: Place): string | undefined;
  /** Says that there may be something to tell at this time. */
  wakeAt(at: number): void;
  /** The earliest of those that lie ahead. */
  next(): number | undefined;
}

export type SilenceReader = ReturnType<typeof silenceReader>;

export function momentOf(
  state: PlannerState,
  routing: Routing,
  readSilences: SilenceReader,
  now: number,
): Moment {
  let next: number | undefined;
  const wakeAt = (at: number): void => {
    if (at > now && (next === undefined || at < next)) next = at;
  };
  for (const at of silenceTimes(state, now)) wakeAt(at);
  const muted = new Map<string, string | undefined>();
  const mutedBy = ({ route, mutes }: Place): string | undefined => {
    if (muted.has(route.name)) return muted.get(route.name);
    const name = mutes.find((clock) => clock.covers(now))?.name;
    muted.set(route.name, name);
    const end = name === undefined ? undefined : mutedUntil(mutes, now);
    if (end !== undefined) wakeAt(end);
    return name;
  };
  const inhibitions = inhibitionsAmong(state.episodes.values(), routing);
  const silencedBy = readSilences(state, now);
  return { now, state, routing, inhibitions, silencedBy, mutedBy, wakeAt, next: () => next };
}

/** An acknowledgement covers no more than what was known when it was given. */
export const isCovered = ({ acknowledged, severity }: Episode): boolean =>
  acknowledged !== undefined && rankOf(severity) <= rankOf(acknowledged.severity);

interface About {
  episode: Episode;
  place: Place;
  /** The news is that it is over. */
  resolution: boolean;
  flapping: boolean;
  /** An acknowledgement holds it back. */
  coverable: boolean;
}

/**
 * Why news is not told, if it is not. That an alert is over is told under a silence and an inhibition too, to those who
 * know that it fires: nothing is as quiet as an alert that has ended, and without it the channel would show it as firing
 * for ever. Only a mute time holds that back until its end, and flapping, which tells the end in its own way.
 *
 * What holds for the alert comes before what holds for its route, where nothing is sent meanwhile in any case.
 */
export function withholding(
  { episode, place, resolution, flapping, coverable }: About,
  moment: Moment,
): Withholding | undefined {
  if (episode.verdict !== undefined) return { reason: 'quiet', because: episode.verdict };
  if (episode.quiet) return { reason: 'quiet' };
  if (!resolution) {
    const silence = moment.silencedBy(moment.routing.labelsOf(episode), episode.project);
    if (silence !== undefined) return { reason: 'silenced', because: silence };
    const inhibition = moment.inhibitions.by(episode);
    if (inhibition !== undefined) return { reason: 'inhibited', because: inhibition.name };
  }
  if (flapping) return { reason: 'flapping' };
  if (coverable && !resolution && isCovered(episode)) return { reason: 'acknowledged' };
  const mute = moment.mutedBy(place);
  return mute === undefined ? undefined : { reason: 'muted', because: mute };
}

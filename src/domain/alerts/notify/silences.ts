import type { EventData } from '../../events/catalogue.ts';
import { compileMatchers } from '../matchers.ts';
import type { Labels } from '../rule.ts';
import type { PlannerState, Silence } from './state.ts';

type Compiled = (labels: Labels) => boolean;

/** Those in force at one time, asked for one alert. */
export type SilencedBy = (labels: Labels, project: string) => string | undefined;

/** Matchers are compiled once for each silence. */
export function silenceReader(): (state: PlannerState, now: number) => SilencedBy {
  const compiled = new WeakMap<Silence, Compiled>();
  const matcherOf = (silence: Silence): Compiled => {
    const known = compiled.get(silence) ?? compileMatchers(silence.matchers);
    compiled.set(silence, known);
    return known;
  };
  return (state, now) => {
    const active = [...state.silences.values()].filter((one) => silenceState(one, now) === 'active');
    return (labels, project) =>
      active.find((one) => (one.project === '*' || one.project === project) && matcherOf(one)(labels))
        ?.silence;
  };
}

export function silenceState(
  { from, until, endedAt }: Silence,
  now: number,
): 'pending' | 'active' | 'expired' {
  if (endedAt !== undefined || now >= until) return 'expired';
  return now < from ? 'pending' : 'active';
}

/** When a silence next begins or ends by itself. */
export function silenceTimes(state: PlannerState, now: number): number[] {
  return [...state.silences.values()].flatMap((one) => {
    const standing = silenceState(one, now);
    if (standing === 'expired') return [];
    return [standing === 'pending' ? one.from : one.until];
  });
}

export const createSilence = (
  state: PlannerState,
  project: string,
  data: EventData<'SilenceCreated'>,
): void => {
  if (!state.silences.has(data.silence)) state.silences.set(data.silence, { ...data, project });
};

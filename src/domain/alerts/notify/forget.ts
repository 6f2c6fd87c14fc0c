import type { Routing } from './routing.ts';
import { silenceState } from './silences.ts';
import { type Episode, type PlannerState, type Series, seriesOf } from './state.ts';

const sweepEveryMs = 3_600_000;
/** How long what is over can still be looked at. */
const keptMs = 86_400_000;
/** What nobody could be told of for so long, nobody is told of. */
const longestKeptMs = 8 * keptMs;
const mostLanes = 10_000;

/** Looked for with the events and not with the clock, so that the same log always leads to the same state. */
export function forget(state: PlannerState, now: number, routing: Routing): void {
  if (now < state.sweptAt + sweepEveryMs) return;
  state.sweptAt = now;
  for (const series of state.series.values()) {
    if (now - series.changedAt > Math.max(keptMs, routing.flapping.windowMs) * 2) delete series.flap;
  }
  for (const [id, episode] of state.episodes) {
    if (isOver(episode, now, state, routing)) state.episodes.delete(id);
  }
  for (const [key, series] of state.series) {
    if (isForgotten(series, now, state, routing)) state.series.delete(key);
  }
  for (const [id, silence] of state.silences) {
    const until = silence.endedAt ?? silence.until;
    if (silenceState(silence, now) === 'expired' && now - until > keptMs) state.silences.delete(id);
  }
  forgetLanes(state);
}

function isOver(episode: Episode, now: number, state: PlannerState, routing: Routing): boolean {
  if (episode.resolvedAt === undefined) return false;
  const told = Object.entries(episode.told);
  const lastAt = told.reduce((latest, [, { at }]) => Math.max(latest, at), episode.resolvedAt);
  if (now - lastAt <= keptMs) return false;
  if (now - lastAt > longestKeptMs) return true;
  if (state.series.get(seriesOf(episode))?.flap !== undefined) return false;
  const silent = episode.quiet || episode.verdict !== undefined;
  return silent || told.every(([channel, { resolved }]) => resolved || !routing.hasChannel(channel));
}

const isForgotten = (series: Series, now: number, state: PlannerState, routing: Routing): boolean =>
  !state.episodes.has(series.latest) && now - series.changedAt > routing.flapping.windowMs;

function forgetLanes(state: PlannerState): void {
  const surplus = [...state.lanes.keys()].slice(0, Math.max(0, state.lanes.size - mostLanes));
  for (const key of surplus) state.lanes.delete(key);
  state.generation += surplus.length;
}

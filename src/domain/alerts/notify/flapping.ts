import type { Flapping } from '../rule.ts';
import type { Episode, PlannerState, Series } from './state.ts';
import { seriesOf } from './state.ts';

/** How an alert that fires again and again stands with a channel. */
export type FlapStage =
  | { kind: 'none' }
  /** Nothing but that it flaps is told. */
  | { kind: 'held'; startedAt: number; calmAt: number }
  /** It has been still for long enough, and the channel does not know yet. */
  | { kind: 'calming'; calmAt: number };

export function noteFiring(state: PlannerState, episode: Episode, at: number, flapping: Flapping): void {
  const key = seriesOf(episode);
  const before = state.series.get(key);
  const firings = [...(before?.firings ?? []), at].filter((one) => one > at - flapping.windowMs);
  const after: Series = {
    firings: firings.slice(-flapping.firings),
    changedAt: Math.max(before?.changedAt ?? at, at),
    latest: episode.episode,
  };
  const wentOn = before?.flap !== undefined && at < before.changedAt + flapping.windowMs;
  if (wentOn && before.flap !== undefined) after.flap = before.flap;
  else if (firings.length >= flapping.firings) after.flap = { startedAt: episode.firedAt, told: {} };
  state.series.set(key, after);
}

export function noteResolution(state: PlannerState, episode: Episode, at: number): void {
  const series = state.series.get(seriesOf(episode));
  if (series !== undefined) series.changedAt = Math.max(series.changedAt, at);
}

export function flapStage(
  series: Series | undefined,
  channel: string,
  now: number,
  { windowMs }: Flapping,
): FlapStage {
  if (series?.flap === undefined) return { kind: 'none' };
  const calmAt = series.changedAt + windowMs;
  if (now < calmAt) return { kind: 'held', startedAt: series.flap.startedAt, calmAt };
  return series.flap.told[channel]?.calmed === false ? { kind: 'calming', calmAt } : { kind: 'none' };
}

/** What flaps at a lower severity may say once that it has become critical. */
export function breaksThrough({ severity, state }: Episode, series: Series, channel: string): boolean {
  const known = series.flap?.told[channel]?.severity;
  return state !== 'resolved' && severity === 'critical' && known !== undefined && known !== 'critical';
}

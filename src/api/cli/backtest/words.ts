import type { BacktestEpisode } from '../../../domain/alerts/backtest/result.ts';
import type { Palette } from '../terminal.ts';
import { duration } from '../text.ts';

/** How figures of a back-test are said in few characters. */

export const nothing = '–';

const dayMs = 86_400_000;

/** `2026-11-25 03:12` */
export const minuteOf = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

/** Within the year, to the second. */
export const momentOf = (at: number): string => new Date(at).toISOString().slice(5, 19).replace('T', ' ');

export const lengthOf = (ms: number): string => (ms === 0 ? nothing : duration(ms));

/** Stretches are told in days as soon as they have some. */
export const stretchOf = (ms: number): string => {
  const days = Math.floor(ms / dayMs);
  const rest = ms % dayMs;
  if (days === 0) return duration(ms);
  return rest < 60_000 ? `${days}d` : `${days}d ${duration(rest)}`;
};

export const shareOf = (value: number | undefined): string =>
  value === undefined ? nothing : `${Math.round(value * 100)}%`;

export const lengthOfEpisode = ({ firedAt, resolvedAt }: BacktestEpisode, to: number): string =>
  resolvedAt === undefined ? `${duration(to - firedAt)}+` : duration(resolvedAt - firedAt);

/** Without the project, which is the same for all. */
export const labelsOf = ({ labels }: Pick<BacktestEpisode, 'labels'>): string =>
  Object.entries(labels)
    .filter(([name]) => name !== 'project')
    .map(([name, value]) => (name === 'service' ? value : `${name}=${value}`))
    .join(' ');

export const paintOf = (paint: Palette, severity: BacktestEpisode['severity']) =>
  severity === 'critical' ? paint.red : severity === 'warning' ? paint.yellow : paint.cyan;

export const paintShare = (paint: Palette, share: number | undefined) =>
  share === undefined ? paint.dim : share >= 0.9 ? paint.green : share >= 0.6 ? paint.yellow : paint.red;

import type { LimitPolicy } from './limits.ts';

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const sizeUnits: Readonly<Record<string, number>> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** `30s`, `5m`, `1h`, `7d` in milliseconds; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => parseUnits(text, durationUnits);

/** `512kb`, `16mb`, `1gb` in bytes. */
export const parseSize = (text: string): number | undefined => parseUnits(text.toLowerCase(), sizeUnits);

/** `600/1m/100`: so many in any window of that length, so many of them at once. */
export function parseLimit(text: string): LimitPolicy | undefined {
  const [limit = '', window = '', burst = limit, ...rest] = text.split('/');
  const windowMs = parseDuration(window);
  if (rest.length > 0 || windowMs === undefined || !isCount(limit) || !isCount(burst)) return undefined;
  return { limit: Number(limit), windowMs, burst: Math.min(Number(limit), Number(burst)) };
}

const isCount = (text: string): boolean => /^[1-9]\d{0,8}$/.test(text);

function parseUnits(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,8})([a-z]{1,2})$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : Number(count) * factor;
}

import { durationText, figureText, type Unit } from '../texts.ts';

/** Times and figures as a person reads them. */

const second = 1_000;
const minute = 60 * second;
/** Up to the year 9999, in which ISO dates have four digits. */
const latest = 253_402_300_799_999;

/** `2026-11-25 03:12 UTC` */
export const timeText = (at: number): string => `${stamp(at)} UTC`;

const stamp = (at: number): string =>
  at >= 0 && at <= latest ? new Date(at).toISOString().slice(0, 16).replace('T', ' ') : 'an unknown time';

/** `2026-11-25 03:08 to 03:22 UTC`, with the second date where it is another. */
export function spanText(from: number, to: number): string {
  const [start, end] = [stamp(from), stamp(to)];
  return `${start} to ${end.slice(0, 10) === start.slice(0, 10) ? end.slice(11) : end} UTC`;
}

/** Seconds do not matter any more once it has been going on for a while. */
export function lengthText(ms: number): string {
  const step = ms < 2 * minute ? second : minute;
  return durationText(Math.max(second, Math.floor(ms / step) * step));
}

export const countText = (count: number): string =>
  (Math.abs(count) >= 1_000 ? Math.round(count) : Number(count.toPrecision(3))).toLocaleString('en-US', {
    maximumFractionDigits: 6,
  });

/** `1 user`, `41 users` */
export const counted = (count: number, one: string): string =>
  `${countText(count)} ${one}${count === 1 ? '' : 's'}`;

/** By what a condition begins with, for thresholds are in the unit of the measure. */
const units: readonly [RegExp, Unit][] = [
  [/^(?:error|rate)[_ ](?:rate|limit)\b/, 'fraction'],
  [/^(?:latency|silence)\b/, 'milliseconds'],
  [/^health\b/, 'health'],
  [/^burn[_ ]rate\b/, 'times'],
];

const unitOf = (condition: string): Unit => units.find(([start]) => start.test(condition))?.[1] ?? 'number';

export const valueText = (condition: string, value: number): string => figureText(value, unitOf(condition));

const comparison = /^(.+?) (above|at least|atLeast|below|at most|atMost) (-?\d[\d.e+-]*)$/;

/** `error_rate above 0.1` as `error rate above 10 %`; what is written otherwise stays as it is. */
export function conditionText(condition: string): string {
  const [, name = '', word = '', figure = ''] = comparison.exec(condition) ?? [];
  if (name === '' || !Number.isFinite(Number(figure))) return condition;
  const words = word.replace(/[A-Z]/, (letter) => ` ${letter.toLowerCase()}`);
  return `${name.replaceAll('_', ' ')} ${words} ${valueText(condition, Number(figure))}`;
}

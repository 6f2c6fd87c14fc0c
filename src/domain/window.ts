import { parseRfc3339 } from './native/time.ts';
import { parseDuration } from './units.ts';

/** `[from, to)` in epoch milliseconds, up to microseconds behind the point. */
export interface Window {
  from: number;
  to: number;
}

/** A stretch of a window, and what it can be read from. */
export interface Piece extends Window {
  source: PieceSource;
}

export type PieceSource = 'raw' | 'minutes' | 'hours';

const minute = 60_000;
const hour = 3_600_000;
const day = 86_400_000;

/** Shorter windows gain nothing from hours: their minutes are few. */
const hoursFrom = 2 * day;

/**
 * Cuts a window into pieces that cover it exactly once: whole hours in the middle of a long one, whole minutes
 * around them, and raw events at the two ends.
 */
export function piecesOf(window: Window, coarsest: PieceSource = 'hours'): Piece[] {
  if (window.to <= window.from) return [];
  if (coarsest === 'raw') return [{ source: 'raw', ...window }];
  const outside = (piece: Window) => around(piece, minute, 'minutes', rawOf);
  if (coarsest === 'minutes' || window.to - window.from <= hoursFrom) return outside(window);
  return around(window, hour, 'hours', outside);
}

const rawOf = (window: Window): Piece[] => [{ source: 'raw', ...window }];

function around(
  window: Window,
  step: number,
  source: PieceSource,
  edges: (edge: Window) => Piece[],
): Piece[] {
  const from = Math.ceil(window.from / step) * step;
  const to = Math.floor(window.to / step) * step;
  if (to <= from) return edges(window);
  return [
    ...(window.from < from ? edges({ from: window.from, to: from }) : []),
    { source, from, to },
    ...(to < window.to ? edges({ from: to, to: window.to }) : []),
  ];
}

/** The window of the same length that ends where this one begins. */
export const windowBefore = ({ from, to }: Window): Window => ({ from: from - (to - from), to: from });

export interface WindowText {
  window?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  asOf?: string | undefined;
}

/** A parameter that cannot be taken as it is, and why. */
export interface Fault {
  parameter: string;
  message: string;
}

export const isFault = (value: object | number): value is Fault =>
  typeof value === 'object' && 'parameter' in value;

const defaultWindow = '1h';
const longestDays = 3_660;
const earliest = 0;
const latest = Date.UTC(2100, 0, 1);

/** What happens at the very moment belongs to a window that ends with it. */
const upToAndWith = (time: number): number => time + 0.001;

export function readWindow(text: WindowText, now: number): (Window & { asOf?: number }) | Fault {
  const times = {
    from: readTime('from', text.from),
    to: readTime('to', text.to),
    asOf: readTime('asOf', text.asOf),
  };
  for (const time of Object.values(times)) if (time !== undefined && isFault(time)) return time;
  // None is a fault any more.
  const { from, to, asOf } = times as { [K in keyof typeof times]: number | undefined };
  const length = parseDuration(text.window ?? defaultWindow);
  if (length === undefined)
    return fault('window', `\`window\` is "${shown(text.window)}"; allowed are 30s, 5m, 1h, 7d`);
  if (text.window !== undefined && from !== undefined && to !== undefined) {
    return fault('window', '`window` cannot stand beside both `from` and `to`');
  }
  const window = placed(from, to, text.window === undefined ? undefined : length, length, asOf ?? now);
  if (window.to <= window.from)
    return fault(from === undefined ? 'to' : 'from', '`from` must be before the end of the window');
  if (window.to - window.from > longestDays * day)
    return fault('window', `a window is at most ${longestDays}d`);
  return { ...window, ...(asOf === undefined ? {} : { asOf }) };
}

function placed(
  from: number | undefined,
  to: number | undefined,
  asked: number | undefined,
  length: number,
  present: number,
): Window {
  if (from !== undefined && to !== undefined) return { from, to };
  if (from !== undefined) return { from, to: asked === undefined ? upToAndWith(present) : from + asked };
  const end = to ?? upToAndWith(present);
  return { from: end - length, to: end };
}

const formats = 'RFC 3339 with a zone (2026-01-31T12:00:00Z) or epoch milliseconds';

export function readTime(parameter: string, text: string | undefined): number | Fault | undefined {
  if (text === undefined) return undefined;
  // In an address, a plus sign that was not escaped arrives as a space.
  const time = /^\d{1,15}(\.\d{1,3})?$/.test(text)
    ? Number(text)
    : parseRfc3339(text.replace(/(?<=[Tt].*) (?=\d\d:\d\d$)/, '+'));
  if (Number.isNaN(time))
    return fault(parameter, `\`${parameter}\` is "${shown(text)}"; allowed: ${formats}`);
  if (time < earliest || time >= latest)
    return fault(parameter, `\`${parameter}\` must lie between 1970 and 2100`);
  return time;
}

const fault = (parameter: string, message: string): Fault => ({ parameter, message });
const shown = (text: string | undefined): string => (text ?? '').slice(0, 40);

/** Steps that a chart can take, from which the first is chosen that gives few enough points. */
const niceSteps = [
  1, 5, 10, 15, 30, 60, 300, 600, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800,
];

export function stepFor(window: Window, points: number): number {
  const fits = niceSteps.find((seconds) => (window.to - window.from) / (seconds * 1_000) <= points);
  return (fits ?? 2_592_000) * 1_000;
}

/** Where the steps of a window begin; the first and the last are cut off by its ends. */
export function stepsOf(window: Window, step: number): number[] {
  const first = Math.floor(window.from / step);
  const end = Math.ceil(window.to / step);
  return Array.from({ length: end - first }, (_, index) => (first + index) * step);
}

/** The coarsest source whose rows fall into one step each. */
export const sourceForStep = (step: number): PieceSource =>
  step % hour === 0 ? 'hours' : step % minute === 0 ? 'minutes' : 'raw';

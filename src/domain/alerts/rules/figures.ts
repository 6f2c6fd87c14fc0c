import { healthStates } from '../../events/catalogue.ts';
import { parseDuration } from '../../units.ts';
import type { Unit } from '../texts.ts';
import type { Faults } from './faults.ts';
import type { Tree } from './tree.ts';
import { refuse } from './values.ts';

/** Numbers in the ways in which people write them. */

export const dayMs = 86_400_000;
const mostDurationMs = 31 * dayMs;

/** `90s`, `1h30m`, and 0 in any unit. */
function durationOf(text: string): number | undefined {
  if (/^0(?:ms|[smhd])?$/.test(text)) return 0;
  const parts = text.match(/\d+[a-z]+/g) ?? [];
  if (parts.join('') !== text) return undefined;
  let total = 0;
  for (const part of parts) total += parseDuration(part) ?? Number.NaN;
  return parts.length > 0 && Number.isFinite(total) ? total : undefined;
}

export function readDuration(
  tree: Tree | undefined,
  faults: Faults,
  { least = 0, most = mostDurationMs }: { least?: number; most?: number } = {},
): number | undefined {
  if (tree === undefined) return undefined;
  const duration = tree.kind === 'scalar' ? durationOf(tree.text) : undefined;
  if (duration === undefined) return refuse(tree, faults, 'write a duration such as 30s, 5m or 1h30m');
  if (duration < least) return refuse(tree, faults, `the least is ${shortDuration(least)}`);
  return duration <= most ? duration : refuse(tree, faults, `the most is ${shortDuration(most)}`);
}

/** As a rules file would say it. */
export function shortDuration(ms: number): string {
  for (const [unit, size] of [
    ['d', dayMs],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** `0.05` and `5%`, exactly: 99.9% is 0.999. */
function numberOf(tree: Tree): number | undefined {
  if (tree.kind !== 'scalar') return undefined;
  if (typeof tree.value === 'number') return Number.isFinite(tree.value) ? tree.value : undefined;
  const [, digits, percent] = /^(-?\d{1,15}(?:\.\d{1,15})?)\s?(%?)$/.exec(tree.text) ?? [];
  if (digits === undefined) return undefined;
  return Number(percent === '' ? digits : `${digits}e-2`);
}

const isPercent = (tree: Tree): boolean => tree.kind === 'scalar' && tree.text.endsWith('%');

/** Between 0 and 1. */
export function readFraction(tree: Tree | undefined, faults: Faults): number | undefined {
  if (tree === undefined) return undefined;
  const value = numberOf(tree);
  if (value === undefined) return refuse(tree, faults, 'write a number such as 0.1, or 10%');
  if (value >= 0 && value <= 1) return value;
  const hint =
    value > 1 && value <= 100 && !isPercent(tree) ? `, so for ${value} percent write ${value}%` : '';
  return refuse(tree, faults, `a fraction is from 0 to 1${hint}`);
}

/** A threshold in the unit of its measure. */
export function readFigure(tree: Tree | undefined, unit: Unit, faults: Faults): number | undefined {
  if (tree === undefined) return undefined;
  switch (unit) {
    case 'fraction':
      return readFraction(tree, faults);
    case 'milliseconds':
      return readMilliseconds(tree, faults);
    case 'health':
      return readHealth(tree, faults);
    case 'count':
    case 'times':
      return readNumber(tree, faults);
    case 'number':
      return numberOf(tree) ?? refuse(tree, faults, 'write a number');
  }
}

function readMilliseconds(tree: Tree, faults: Faults): number | undefined {
  const value = tree.kind === 'scalar' ? (durationOf(tree.text) ?? tree.value) : undefined;
  if (typeof value === 'number' && value >= 0 && value <= mostDurationMs) return value;
  return refuse(tree, faults, 'write a duration such as 500ms or 2s');
}

function readHealth(tree: Tree, faults: Faults): number | undefined {
  const state = healthStates.findIndex((word) => tree.kind === 'scalar' && tree.text === word);
  if (state >= 0) return state;
  const value = numberOf(tree);
  if (value === 0 || value === 1 || value === 2) return value;
  return refuse(tree, faults, `write ${healthStates.join(', ')}, or 0, 1, 2`);
}

function readNumber(tree: Tree, faults: Faults): number | undefined {
  const value = isPercent(tree) ? undefined : numberOf(tree);
  if (value === undefined) return refuse(tree, faults, 'write a number');
  return value >= 0 ? value : refuse(tree, faults, 'it is never below 0');
}

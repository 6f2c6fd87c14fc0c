import type { Measure } from '../rule.ts';
import type { Faults, Spot } from './faults.ts';
import { dayMs, readDuration, shortDuration } from './figures.ts';
import type { Tree } from './tree.ts';
import { type Fields, refuse } from './values.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const leastWindowMs = 1_000;
const leastStepMs = 100;
/** More steps than that would fill the memory with windows. */
const mostSteps = 50_000;

/** What looks for the newest observation looks further back than what counts or averages. */
const usualWindows: Partial<Record<Measure['kind'], number>> = {
  health: 10 * minuteMs,
  rate_limit: 15 * minuteMs,
  anomaly: 15 * minuteMs,
  new_error: 30 * minuteMs,
  job: dayMs,
  silence: dayMs,
};
const usualWindowMs = 5 * minuteMs;

/** The longer the window, the less an evaluation more can tell. */
function usualStep(windowMs: number, kind: Measure['kind']): number {
  if (windowMs <= 5 * minuteMs) return 2_000;
  // These do not average over their window, so that waiting would only make them late.
  if (windowMs <= 30 * minuteMs || kind === 'job' || kind === 'silence') return 10_000;
  return windowMs <= 6 * hourMs ? minuteMs : 5 * minuteMs;
}

export interface Timing {
  windowMs: number;
  everyMs: number;
}

export function readTiming(fields: Fields<'window' | 'every'>, measure: Measure, faults: Faults): Timing {
  const windowMs = readWindow(fields.get('window'), measure, faults);
  const every = fields.get('every');
  const given = readDuration(every, faults, { least: leastStepMs });
  const divided = measure.kind === 'burn_rate' ? [windowMs, measure.pair.shortMs] : [windowMs];
  const everyMs = given ?? divided.reduce(commonDivisor, usualStep(windowMs, measure.kind));
  const spot: Spot = every ?? fields.get('window') ?? fields.spot;
  const uneven = divided.find((length) => length % everyMs !== 0);
  if (uneven !== undefined && every !== undefined)
    refuse(every, faults, `the window of ${shortDuration(uneven)} has to be a multiple of it`);
  else if (everyMs < leastStepMs) faults.add(spot, `has to be a multiple of ${shortDuration(leastStepMs)}`);
  else if (windowMs / everyMs > mostSteps)
    faults.add(spot, `makes more than ${mostSteps} steps in a window of ${shortDuration(windowMs)}`);
  return { windowMs, everyMs };
}

function readWindow(tree: Tree | undefined, measure: Measure, faults: Faults): number {
  if (measure.kind !== 'burn_rate') {
    const given = readDuration(tree, faults, { least: leastWindowMs });
    return given ?? usualWindows[measure.kind] ?? usualWindowMs;
  }
  if (tree !== undefined)
    faults.add(tree, 'has no place beside a burn rate, whose windows are long and short');
  return measure.pair.longMs;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

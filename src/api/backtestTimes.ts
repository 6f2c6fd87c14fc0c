import type { BacktestResult } from '../domain/alerts/backtest/result.ts';
import { timeOf } from '../projections/queries/selection.ts';

/** A back-test counts in epoch milliseconds, and answers say times as RFC 3339: the way there and back. */

const times: ReadonlySet<string> = new Set([
  'at',
  'firedAt',
  'from',
  'logBegins',
  'resolvedAt',
  'startedAt',
  'to',
  'until',
  'warmedFrom',
]);
/** Maps, whose keys are people's own names. */
const maps: ReadonlySet<string> = new Set(['labels', 'byChannel']);

type Change = (time: unknown) => unknown;

function changed(value: unknown, change: Change): unknown {
  if (Array.isArray(value)) return value.map((each) => changed(each, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (maps.has(name)) return [name, inner];
      return [name, times.has(name) ? change(inner) : changed(inner, change)];
    }),
  );
}

export const shownTimes = (result: object): object =>
  changed(result, (time) => (typeof time === 'number' ? timeOf(time) : time)) as object;

/** The engine's own types, as far as the caller has looked at the answer. */
export const readTimes = (answer: object): BacktestResult =>
  changed(answer, (time) => (typeof time === 'string' ? Date.parse(time) : time)) as BacktestResult;

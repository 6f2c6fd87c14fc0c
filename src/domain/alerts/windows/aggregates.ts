import type { Aggregate } from '../rule.ts';

/** Samples of one series in the order of time; those from `from` up to, without, `to` are meant. */
export interface SampleRange {
  times: readonly number[];
  values: readonly number[];
  from: number;
  to: number;
}

/** What the samples of `(start, end]` come to; a number is a quantile, 0 to 1. */
export function aggregated(
  of: Aggregate | number,
  range: SampleRange,
  start: number,
  end: number,
): number | undefined {
  const count = range.to - range.from;
  if (count === 0) return undefined;
  if (typeof of === 'number') return interpolated(range, of);
  switch (of) {
    case 'rate': {
      const increase = counterIncrease(range, start, end);
      return increase === undefined ? undefined : increase / ((end - start) / 1_000);
    }
    case 'increase':
      return counterIncrease(range, start, end);
    case 'count':
      return count;
    case 'sum':
      return sum(range);
    case 'average':
      return sum(range) / count;
    case 'last':
      return range.values[range.to - 1];
    case 'min':
      return Math.min(...meant(range));
    case 'max':
      return Math.max(...meant(range));
  }
}

const meant = ({ values, from, to }: SampleRange): number[] => values.slice(from, to);

/** Between the two nearest samples, as `quantile_over_time` does. */
function interpolated(range: SampleRange, quantile: number): number | undefined {
  const ordered = meant(range).sort((a, b) => a - b);
  const rank = Math.min(Math.max(quantile, 0), 1) * (ordered.length - 1);
  const lower = Math.floor(rank);
  const [below, above] = [ordered[lower], ordered[lower + 1]];
  if (below === undefined || above === undefined) return below;
  const share = rank - lower;
  return below * (1 - share) + above * share;
}

/** Neumaier's: what rounding loses is carried along, so that small samples beside great ones still count. */
function sum({ values, from, to }: SampleRange): number {
  let total = 0;
  let lost = 0;
  for (let at = from; at < to; at += 1) {
    const value = values[at] ?? 0;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** A gap at an end of the window beyond so many average intervals means that the series does not reach that end. */
const farFromEnd = 1.1;

/**
 * How much a counter grew within `(start, end]`, as Prometheus' `increase` has it: what was seen, stretched to the ends of
 * the window. It stretches to an end that is near, by half an interval towards one that is not, and never to where the
 * counter would have been below zero. That last limit comes after the others, as in Prometheus since 2.51.
 */
function counterIncrease(samples: SampleRange, start: number, end: number): number | undefined {
  const { times, values, from, to } = samples;
  const first = times[from];
  const last = times[to - 1];
  if (to - from < 2 || first === undefined || last === undefined) return undefined;
  const seen = growth(samples);
  const covered = last - first;
  const interval = covered / (to - from - 1);
  const stretch = (gap: number): number => (gap >= interval * farFromEnd ? interval / 2 : gap);
  const begin = values[from] ?? 0;
  const sinceZero = seen > 0 && begin >= 0 ? covered * (begin / seen) : Infinity;
  const stretched = covered + Math.min(stretch(first - start), sinceZero) + stretch(end - last);
  return seen * (stretched / covered);
}

/** A value below the one before is a counter that began again at zero. */
function growth({ values, from, to }: SampleRange): number {
  let before = values[from] ?? 0;
  let grown = (values[to - 1] ?? 0) - before;
  for (let at = from + 1; at < to; at += 1) {
    const value = values[at] ?? 0;
    if (value < before) grown += before;
    before = value;
  }
  return grown;
}

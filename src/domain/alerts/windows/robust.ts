/** Statistics that a few wild values do not move. */

/** Makes the median deviation of normally distributed values their standard deviation. */
const normal = 1.4826;

/** Undefined when there is nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined || sorted.length % 2 === 1) return upper;
  return ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The scaled median of the distances from the median (MAD). */
export function deviation(values: readonly number[]): number | undefined {
  const center = median(values);
  if (center === undefined) return undefined;
  const spread = median(values.map((value) => Math.abs(value - center)));
  return spread === undefined ? undefined : normal * spread;
}

/**
 * How many deviations the value is above (or, negative, below) the median of its history. `floor` is the least that is
 * taken as one deviation, so that a history without any movement does not make every small step a wild one.
 */
export function robustScore(value: number, history: readonly number[], floor: number): number | undefined {
  const center = median(history);
  const spread = deviation(history);
  if (center === undefined || spread === undefined) return undefined;
  const scale = Math.max(spread, floor);
  return scale > 0 ? (value - center) / scale : undefined;
}

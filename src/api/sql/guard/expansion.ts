import { refuse } from '../errors.ts';
import { isSign, isWord, type Token } from './tokens.ts';

const mostReadings = 256;

/**
 * The engine puts a common table expression in the place of each of its names. Where each uses the one before it
 * twice, a short statement becomes a plan that takes minutes to make, which no time limit counts.
 */
export function checkExpansion(list: readonly Token[]): void {
  const bodies = new Map<string, number>();
  const readings = (from: number, to: number): number => {
    let total = 1;
    for (let i = from; i < to; i++) {
      const token = list[i];
      if (token?.kind === 'name') total += bodies.get(token.value) ?? 0;
    }
    return Math.min(total, mostReadings + 1);
  };
  for (let i = 0; i < list.length; i++) {
    const name = list[i];
    if (name?.kind !== 'name' || !isWord(list[i + 1], 'AS') || !isSign(list[i + 2], '(')) continue;
    bodies.set(name.value, Math.max(readings(i + 3, closing(list, i + 2)), bodies.get(name.value) ?? 0));
  }
  if (readings(0, list.length) > mostReadings) {
    throw refuse('QUERY_IS_TOO_LARGE', `Common table expressions are read more than ${mostReadings} times`);
  }
}

/** The place of the parenthesis that closes the one at `open`. */
function closing(list: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < list.length; i++) {
    if (isSign(list[i], '(')) depth++;
    else if (isSign(list[i], ')') && --depth === 0) return i;
  }
  return list.length;
}

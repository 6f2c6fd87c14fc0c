/** How many letters must be typed, dropped, changed or swapped with a neighbour to turn `a` into `b`. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const fold = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The allowed word that a wrong one was most likely meant to be, if any comes close. */
export function nearest(
  word: string,
  allowed: readonly string[],
  otherNames: Readonly<Record<string, string>> = {},
): string | undefined {
  if (word.length > 40) return undefined;
  const folded = fold(word);
  const known = Object.hasOwn(otherNames, folded) ? otherNames[folded] : undefined;
  if (known !== undefined) return known;
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor(folded.length / 3)) + 0.5;
  for (const candidate of allowed) {
    const d = distance(folded, fold(candidate));
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

import { unquote } from './tokens.ts';

/**
 * Functions that look for a pattern again and again in one text. With an unbounded repetition that something else
 * has to follow, each look can run to the end of the text and fail, and the whole takes the square of its length:
 * minutes on one row, where no time limit reaches.
 */
export const repeatedSearch: ReadonlySet<string> = new Set([
  'extractAll',
  'extractAllGroupsHorizontal',
  'extractAllGroupsVertical',
  'countMatches',
  'countMatchesCaseInsensitive',
  'replaceRegexpAll',
  'splitByRegexp',
]);

/** Where the pattern stands among the function's arguments. */
export const patternArgument = (name: string): number => (name === 'splitByRegexp' ? 0 : 1);

/** True of a printed literal whose every unbounded repetition is the last thing in its alternative. */
export function isLinear(printedLiteral: string): boolean {
  if (!/^'(?:[^'\\]|\\[\s\S])*'/.test(printedLiteral)) return false;
  const pattern = unquote(printedLiteral.replace(/ \(alias [\s\S]*$/, ''));
  return alternatives(pattern).every((branch) => {
    const rest = afterUnbounded(branch);
    return rest === undefined || /^\??[)$]*$/.test(rest);
  });
}

/** Steps over one character, escape or class of a pattern. */
function atomEnd(pattern: string, at: number): number {
  if (pattern[at] === '\\') return at + 2;
  if (pattern[at] !== '[') return at + 1;
  let i = at + 1;
  if (pattern[i] === '^') i++;
  if (pattern[i] === ']') i++;
  while (i < pattern.length && pattern[i] !== ']') i += pattern[i] === '\\' ? 2 : 1;
  return i + 1;
}

function alternatives(pattern: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < pattern.length; i = atomEnd(pattern, i)) {
    if (pattern[i] === '(') depth++;
    else if (pattern[i] === ')') depth--;
    else if (pattern[i] === '|' && depth === 0) {
      found.push(pattern.slice(start, i));
      start = i + 1;
    }
  }
  return [...found, pattern.slice(start)];
}

function afterUnbounded(branch: string): string | undefined {
  for (let i = 0; i < branch.length; i = atomEnd(branch, i)) {
    const repetition = /^(?:[*+]|\{\d*,\})/.exec(branch.slice(i))?.[0];
    if (repetition !== undefined) return branch.slice(i + repetition.length);
  }
  return undefined;
}

import type { ExtraPattern } from './options.ts';
import type { Finding } from './spans.ts';

export interface CompiledPattern {
  label: string;
  regExp: RegExp;
}

const mostWays = 4_096;
const longestSource = 500;
const labelShape = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * Why a pattern is refused, or undefined. The work at each place of a text must have a bound that is known
 * beforehand: no repetition without an upper limit, none of a group, no look-around, no back-reference, and at
 * most 4,096 ways to divide a text among its repetitions.
 */
export function patternFault({ name, pattern }: ExtraPattern): string | undefined {
  if (!labelShape.test(name)) return 'the name takes lower-case letters, digits and hyphens, at most 40';
  if (pattern.length > longestSource) return `the pattern is longer than ${longestSource} characters`;
  try {
    if (new RegExp(pattern, 'u').test('')) return 'the pattern matches the empty text';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return structureFault(pattern);
}

function structureFault(pattern: string): string | undefined {
  // What stands within classes and behind backslashes is no structure.
  if (/\\[1-9k]/.test(pattern)) return 'back-references are not allowed';
  const bare = pattern.replace(/\\[pP]\{[^}]*\}|\\./gu, 'x').replace(/\[[^\]]*\]/g, 'x');
  if (/\(\?(?!:)/.test(bare)) return 'look-around and named groups are not allowed; use (?:…)';
  if (/[*+]|\{\d+,\}/.test(bare)) return 'write a repetition with an upper limit: {1,64} instead of + or *';
  if (/\)(?:\{|\?)/.test(bare)) return 'a group cannot be repeated';
  let ways = 1;
  for (const [, least, most] of bare.matchAll(/\{(\d+)(?:,(\d+))?\}/g)) {
    ways *= Number(most ?? least) - Number(least) + 1;
    if (Number(most ?? least) > 1_000) return 'a repetition has at most 1000 times';
  }
  for (const _ of bare.matchAll(/\?(?!:)/g)) ways *= 2;
  for (const _ of bare.matchAll(/\|/g)) ways *= 2;
  return ways > mostWays
    ? `there are more than ${mostWays} ways to match it; narrow its repetitions`
    : undefined;
}

export function compilePatterns(patterns: readonly ExtraPattern[]): CompiledPattern[] {
  return patterns.map((extra) => {
    const fault = patternFault(extra);
    if (fault !== undefined) throw new RangeError(`redaction pattern "${extra.name}": ${fault}`);
    return { label: extra.name, regExp: new RegExp(extra.pattern, extra.ignoreCase === true ? 'giu' : 'gu') };
  });
}

export function findPatterns(text: string, patterns: readonly CompiledPattern[], found: Finding[]): void {
  for (const { label, regExp } of patterns) {
    for (const match of text.matchAll(regExp)) {
      if (match[0] !== '') found.push({ start: match.index, end: match.index + match[0].length, label });
    }
  }
}

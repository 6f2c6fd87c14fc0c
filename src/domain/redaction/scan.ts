import { isOdd } from './unicode.ts';

/**
 * One pass over a text that says which detectors could find anything at all. Most texts need none, so this pass
 * is what redaction costs on an ordinary event.
 */
export const Feature = {
  /** `:` `=` `<` or `%`: a key with a value beside it. */
  separator: 1 << 8,
  /** `@`, or `%` as in `%40`. */
  at: 1 << 9,
  /** Sixteen or more word characters in a row, more than forty if all of them are hexadecimal. */
  longWord: 1 << 10,
  /** Eight or more digits with nothing but number separators between. */
  number: 1 << 11,
  /** Characters that hide others: zero-width, full-width and the like. */
  odd: 1 << 12,
  /** Words that announce a secret without a separator: `Bearer x`, `--password x`, `password is x`. */
  announcer: 1 << 13,
} as const;

const word = 1;
const digit = 2;
const numberSeparator = 4;
const beyondHex = 8;
const letter = 16;
const features = ~0xff;

const classes = new Uint16Array(128);

function mark(characters: string, bits: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    classes[code] = (classes[code] ?? 0) | bits;
  }
}

mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-', word);
mark('ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_', beyondHex);
mark('0123456789', digit);
mark(' .-()/+', numberSeparator);
mark(':=<%', Feature.separator);
mark('@%', Feature.at);

mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', letter);

const space = 32;
const dash = 45;

export function scan(text: string): number {
  const length = text.length;
  let seen = 0;
  let run = 0;
  let runBits = 0;
  let digits = 0;
  let everyCount = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const bits = code < 128 ? (classes[code] as number) : isOdd(code) ? Feature.odd : 0;
    seen |= bits;
    if ((bits & word) !== 0) {
      run++;
      runBits |= bits;
    } else if (run !== 0) {
      if (run > 1) seen |= wordFeatures(text, i, run, runBits, code);
      run = 0;
      runBits = 0;
    }
    // Counts digits and forgets them at anything but a separator, without a branch: ids would mislead every guess.
    const isDigit = (bits >> 1) & 1;
    digits = (digits + isDigit) & -(isDigit | ((bits >> 2) & 1));
    everyCount |= digits;
  }
  if (everyCount > 7) seen |= Feature.number;
  if (isLongWord(run, runBits)) seen |= Feature.longWord;
  return seen & features;
}

/** Hexadecimal words up to the length of a git hash are ids, and every event has some. */
function isLongWord(run: number, runBits: number): boolean {
  return run > 40 || (run >= 16 && (runBits & beyondHex) !== 0);
}

function wordFeatures(text: string, end: number, run: number, runBits: number, next: number): number {
  if (isLongWord(run, runBits)) return Feature.longWord;
  if (next !== space) return 0;
  const first = text.charCodeAt(end - run);
  if (first === dash) return (runBits & letter) !== 0 ? Feature.announcer : 0;
  const lower = first | 32;
  const bearerOrBasic = lower === 98 && (run === 6 || run === 5);
  const password = lower === 112 && run === 8;
  return bearerOrBasic || password ? Feature.announcer : 0;
}

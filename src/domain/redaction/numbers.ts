import { isCardNumber } from './cards.ts';
import { ibanEnd } from './iban.ts';
import type { KindSwitches } from './options.ts';
import { isDialledInternational, isInternational, isNational } from './phones.ts';
import type { Finding } from './spans.ts';

/** Digits in a row, parted into groups by at most two of ` .-()/` between any two of them. */
interface NumberRun {
  digits: string;
  /** For each group, how many digits stand before it; one more entry for the end. */
  before: number[];
  starts: number[];
  ends: number[];
  /** There is more of it than any number could have. */
  cut: boolean;
}

const mostDigits = 20;
const mostGroups = 8;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isUpper = (code: number): boolean => code >= 65 && code <= 90;
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isWordCode = (code: number): boolean => isDigit(code) || isLetter(code) || code === 95;
// space - ( ) . /
const isSeparator = (code: number): boolean =>
  code === 32 || code === 45 || code === 40 || code === 41 || code === 46 || code === 47;

/** Cards, phone numbers and IBANs: what is told by its digits. */
export function findNumbers(text: string, switches: KindSwitches, found: Finding[]): void {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) {
      at++;
      continue;
    }
    const before = at === 0 ? 0 : text.charCodeAt(at - 1);
    if (isWordCode(before)) {
      const end = switches.iban ? ibanAround(text, at, found) : -1;
      at = end > 0 ? end : skipWord(text, at);
      continue;
    }
    // A fraction's digits are no number of their own.
    const fraction = before === 46 && at > 1 && isDigit(text.charCodeAt(at - 2));
    at = fraction ? skipWord(text, at) : numberAt(text, at, switches, found);
  }
}

function skipWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && isWordCode(text.charCodeAt(at))) at++;
  return Math.max(at, from + 1);
}

/** An IBAN begins with two letters, and its digits bring us here at the third character. */
function ibanAround(text: string, digitAt: number, found: Finding[]): number {
  const start = digitAt - 2;
  if (start < 0 || !isLetter(text.charCodeAt(start)) || !isLetter(text.charCodeAt(start + 1))) return -1;
  if (start > 0 && isWordCode(text.charCodeAt(start - 1))) return -1;
  if (!isDigit(text.charCodeAt(digitAt + 1))) return -1;
  if (isUpper(text.charCodeAt(start)) !== isUpper(text.charCodeAt(start + 1))) return -1;
  const end = ibanEnd(text, start);
  if (end > 0) found.push({ start, end, label: 'iban' });
  return end;
}

function numberAt(text: string, start: number, switches: KindSwitches, found: Finding[]): number {
  const run = readRun(text, start);
  // A run that was cut is tried again from its second group on; so each group is tried as the first only once.
  const tries = run.cut ? 1 : run.starts.length;
  for (let first = 0; first < tries; first++) {
    const match = longestMatch(text, run, first, switches);
    if (match === undefined) continue;
    found.push(match);
    return match.end;
  }
  return run.cut && run.starts.length > 1
    ? (run.starts[1] as number)
    : skipWord(text, run.ends.at(-1) ?? start);
}

function readRun(text: string, start: number): NumberRun {
  const run: NumberRun = { digits: '', before: [0], starts: [], ends: [], cut: false };
  let at = start;
  for (;;) {
    const groupStart = at;
    while (at < text.length && isDigit(text.charCodeAt(at))) at++;
    run.starts.push(groupStart);
    run.ends.push(at);
    run.digits += text.slice(groupStart, at);
    run.before.push(run.digits.length);
    let next = at;
    while (next - at < 3 && isSeparator(text.charCodeAt(next))) next++;
    if (next === at || !isDigit(text.charCodeAt(next))) return run;
    if (run.digits.length > mostDigits || run.starts.length === mostGroups) {
      run.cut = true;
      return run;
    }
    at = next;
  }
}

/** The longest card or phone number that begins with the run's group `first`. */
function longestMatch(
  text: string,
  run: NumberRun,
  first: number,
  switches: KindSwitches,
): Finding | undefined {
  if (first > 0 && isGlued(text, run, first)) return undefined;
  const from = run.before[first] as number;
  for (let last = run.starts.length - 1; last >= first; last--) {
    const to = run.before[last + 1] as number;
    const end = run.ends[last] as number;
    // Followed by more of a word, it is part of an identifier.
    if (to - from < 8 || to - from > 19 || isWordCode(text.charCodeAt(end))) continue;
    if (last + 1 < run.starts.length && isGlued(text, run, last + 1)) continue;
    const digits = run.digits.slice(from, to);
    const start = run.starts[first] as number;
    if (switches.card && isCard(text, run, first, last, digits)) return { start, end, label: 'card' };
    const phoneStart =
      switches.phone && hasPhoneGaps(text, run, first, last) ? phoneStartOf(text, start, end, digits) : -1;
    if (phoneStart >= 0) return { start: phoneStart, end, label: 'phone' };
  }
  return undefined;
}

/** Nothing but a dot, a hyphen or a slash parts the group from the one before: they are parts of one thing. */
function isGlued(text: string, run: NumberRun, group: number): boolean {
  const from = run.ends[group - 1] as number;
  const code = text.charCodeAt(from);
  return from + 1 === run.starts[group] && code !== 32 && code !== 40 && code !== 41;
}

const phoneGap = /^(?:[ .-]|\)[ -]?| \()$/;

function hasPhoneGaps(text: string, run: NumberRun, first: number, last: number): boolean {
  for (let i = first; i < last; i++) {
    if (!phoneGap.test(text.slice(run.ends[i] as number, run.starts[i + 1]))) return false;
  }
  return true;
}

function isCard(text: string, run: NumberRun, first: number, last: number, digits: string): boolean {
  if (digits.length < 14 || !isPlainlySeparated(text, run, first, last)) return false;
  const sizes = run.starts.slice(first, last + 1).map((start, i) => (run.ends[first + i] as number) - start);
  return isCardNumber(digits, sizes);
}

/** Cards are parted by one space or hyphen, the same one throughout. */
function isPlainlySeparated(text: string, run: NumberRun, first: number, last: number): boolean {
  for (let i = first; i < last; i++) {
    const from = run.ends[i] as number;
    if ((run.starts[i + 1] as number) - from !== 1) return false;
    const code = text.charCodeAt(from);
    if (code !== 32 && code !== 45) return false;
    if (code !== text.charCodeAt(run.ends[first] as number)) return false;
  }
  return true;
}

const opening = 40;
const plus = 43;

/** Where the phone number begins, its plus or parenthesis included; -1 when the digits are none. */
function phoneStartOf(text: string, start: number, end: number, digits: string): number {
  const opened = text.charCodeAt(start - 1) === opening ? start - 1 : start;
  if (text.charCodeAt(opened - 1) === plus) {
    const before = opened < 2 ? 0 : text.charCodeAt(opened - 2);
    return !isWordCode(before) && digits.length <= 15 && isInternational(digits) ? opened - 1 : -1;
  }
  if (digits.length > 17 || isTailOfWord(text, opened)) return -1;
  if (text.startsWith('00', start) && isDialledInternational(digits, end - start === digits.length))
    return start;
  if (digits.length < 9 || digits.length > 11) return -1;
  if (opened < start && isNational(text.slice(opened, end))) return opened;
  return isNational(text.slice(start, end)) ? start : -1;
}

/** `order-0521234567`: an identifier's last part. */
function isTailOfWord(text: string, start: number): boolean {
  return start > 1 && '-./'.includes(text.charAt(start - 1)) && isWordCode(text.charCodeAt(start - 2));
}

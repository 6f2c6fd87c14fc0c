import { secretBeside, type TextKey } from './keyedValues.ts';
import type { KeyClassifier } from './keys.ts';
import type { KindSwitches } from './options.ts';
import type { Finding } from './spans.ts';
import { isForeignLetter } from './unicode.ts';
import { isBlank } from './values.ts';

const longestWord = 64;
const mostWords = 4;

const isAsciiKey = (code: number): boolean =>
  (code >= 48 && code <= 57) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 95 ||
  code === 45 ||
  code === 46;
const isKeyCode = (code: number): boolean => isAsciiKey(code) || (code >= 128 && isForeignLetter(code));

const colon = 58;
const equals = 61;
const lessThan = 60;
const percent = 37;

/** Secrets that are told by the name beside them: `password: x`, `"api_key": "x"`, `token=x`, `<secret>x</secret>`. */
export function findAssignments(
  text: string,
  keys: KeyClassifier,
  switches: KindSwitches,
  found: Finding[],
): void {
  let floor = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > equals || (code !== colon && code !== equals && code !== lessThan && code !== percent))
      continue;
    const width = separatorWidth(text, at, code);
    if (width === 0) continue;
    const key = code === lessThan ? elementKey(text, at, width, keys) : keyBefore(text, at, floor, keys);
    if (key === undefined || key.verdict === 'none') continue;
    const end = secretBeside(text, at + width, key, code === colon, switches, found);
    if (end > at) {
      floor = end;
      at = end - 1;
    }
  }
}

/** How much of the text is separator; 0 when it is none: `://`, `::`, `<=`. */
function separatorWidth(text: string, at: number, code: number): number {
  const next = text.charCodeAt(at + 1);
  if (code === colon) {
    if (next === colon || (next === 47 && text.charCodeAt(at + 2) === 47)) return 0;
    return next === equals ? 2 : 1;
  }
  if (code === equals) return next === 62 || next === equals ? 2 : 1;
  if (code === percent) return next === 51 && /[DdAa]/.test(text.charAt(at + 2)) ? 3 : 0;
  return elementWidth(text, at);
}

function elementWidth(text: string, at: number): number {
  let end = at + 1;
  while (end - at < longestWord && isKeyCode(text.charCodeAt(end))) end++;
  return end > at + 1 && text.charCodeAt(end) === 62 ? end + 1 - at : 0;
}

function elementKey(text: string, at: number, width: number, keys: KeyClassifier): TextKey {
  return { verdict: keys.field(text.slice(at + 1, at + width - 1)), structural: true };
}

function keyBefore(text: string, separator: number, floor: number, keys: KeyClassifier): TextKey | undefined {
  let end = separator;
  while (end > floor && separator - end < 2 && isBlank(text.charCodeAt(end - 1))) end--;
  const unwrapped = beforeClosers(text, end, floor);
  const start = wordStart(text, unwrapped, floor);
  if (start === unwrapped || isMarkerLabel(text, start)) return undefined;
  const word = text.slice(start, unwrapped);
  const { verdict, more } = keys.word(word);
  const enclosed = unwrapped < end;
  if (enclosed) return { verdict: keys.field(word), structural: true };
  const isEquals = text.charCodeAt(separator) !== colon;
  if (!more && verdict === 'none') {
    const owned = ownedPhrase(text, start, unwrapped, floor);
    return owned === undefined ? undefined : { verdict: keys.phrase(owned), structural: false };
  }
  if (!more) return { verdict, structural: isEquals || beginsClause(text, start) };
  const starts = phraseStarts(text, start, floor);
  const whole = keys.phrase(text.slice(starts.at(-1), unwrapped));
  // The term itself has to begin the clause: `api key: x` does, `all tests pass: 12` does not.
  const term = starts.find((from) => keys.phrase(text.slice(from, unwrapped)) !== 'none') ?? start;
  return { verdict: whole, structural: isEquals || beginsClause(text, term) };
}

/** Past the quotes, brackets and backslashes that close a quoted key. */
function beforeClosers(text: string, end: number, floor: number): number {
  let at = end;
  while (at > floor && end - at < 10) {
    const code = text.charCodeAt(at - 1);
    if (code !== 34 && code !== 39 && code !== 96 && code !== 92 && code !== 93) break;
    at--;
  }
  return at;
}

function wordStart(text: string, end: number, floor: number): number {
  let start = end;
  while (start > floor && end - start < longestWord) {
    if (!isKeyCode(text.charCodeAt(start - 1)) && !isElision(text, start - 1, end)) break;
    start--;
  }
  return start;
}

/** The apostrophe of `clé d'API`. */
function isElision(text: string, at: number, end: number): boolean {
  const code = text.charCodeAt(at);
  if ((code !== 39 && code !== 0x2019) || at + 1 >= end) return false;
  return isKeyCode(text.charCodeAt(at - 1)) && isKeyCode(text.charCodeAt(at + 1));
}

const markerOpening = '[redacted:';

const isMarkerLabel = (text: string, start: number): boolean =>
  start >= markerOpening.length && text.startsWith(markerOpening, start - markerOpening.length);

/** Where the phrases begin whose last word begins at `start`: that one, and up to three words before it. */
function phraseStarts(text: string, start: number, floor: number): number[] {
  const starts = [start];
  for (let from = start; starts.length < mostWords; ) {
    if (from <= floor + 1 || !isBlank(text.charCodeAt(from - 1))) break;
    const before = wordStart(text, from - 1, floor);
    if (before === from - 1 || isMarkerLabel(text, before)) break;
    starts.push(before);
    from = before;
  }
  return starts;
}

const connector = /(?:^|\s)(?:for|of|для|от|від|עבור|של|für|von|para|pour|per) $/;

/** `password for admin`: the words before the owner, with the owner. */
function ownedPhrase(text: string, start: number, end: number, floor: number): string | undefined {
  if (start < 4 || text.charCodeAt(start - 1) !== 32) return undefined;
  if (!connector.test(text.slice(Math.max(floor, start - 6), start))) return undefined;
  return text.slice(phraseStarts(text, start, floor).at(-1), end);
}

/** A key after a line's beginning or an opening sign is one by form; after other words it is so by sense only. */
function beginsClause(text: string, start: number): boolean {
  if (start === 0) return true;
  const before = text.charAt(start - 1);
  if (before !== ' ') return '\n\r\t{[(,;&?|"\'<$@/'.includes(before);
  return start < 2 || '\n{[(,;|>-'.includes(text.charAt(start - 2));
}

import type { KeyClassifier, KeyVerdict } from './keys.ts';
import type { KindSwitches } from './options.ts';
import { type Finding, markerEnd } from './spans.ts';
import { isForeignLetter } from './unicode.ts';
import { isState, looksLikeCode, looksRandom, readValue, type ValueSpan } from './values.ts';

/** A key in free text, with where it begins and whether the text's form, not its sense, makes it a key. */
interface TextKey {
  verdict: KeyVerdict;
  structural: boolean;
}

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
    const end = judge(text, at + width, key, code === colon, switches, found);
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
  while (end > floor && separator - end < 2 && isSpace(text.charCodeAt(end - 1))) end--;
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

const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 0xa0;

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
    if (from <= floor + 1 || !isSpace(text.charCodeAt(from - 1))) break;
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

/** Adds what the key makes secret, and returns where to read on; -1 when nothing is. */
function judge(
  text: string,
  from: number,
  key: TextKey,
  isColon: boolean,
  switches: KindSwitches,
  found: Finding[],
): number {
  const { verdict, structural } = key;
  if (verdict === 'header') return switches.authorization ? headerValue(text, from, structural, found) : -1;
  if (verdict === 'cookie') return switches.cookie ? cookieValue(text, from, found) : -1;
  if (verdict === 'phone' || verdict === 'card') {
    return switches[verdict] ? numericValue(text, from, verdict, found) : -1;
  }
  if (!switches.secret) return -1;
  const value = nestedValue(text, from, verdict) ?? readValue(text, from, isColon);
  if (value === undefined || !isSecretValue(text, value, key)) return -1;
  found.push({ start: value.start, end: value.end, label: verdict === 'password' ? 'password' : 'secret' });
  return value.end;
}

function isSecretValue(text: string, span: ValueSpan, { verdict, structural }: TextKey): boolean {
  const value = text.slice(span.start, Math.min(span.end, span.start + 300));
  if (isState(value)) return false;
  if (verdict === 'code') return /^(?=.*\d)[\w-]{3,12}$/.test(value);
  if (verdict === 'password') {
    if (span.quoted) return true;
    if (structural) return !looksLikeCode(value);
    return looksRandom(value) || (!/^\d{1,3}$/.test(value) && endsClause(text, span.end));
  }
  if (looksLikeCode(value) || value.startsWith('/') || value.startsWith('http')) return false;
  if (looksRandom(value)) return structural || span.quoted || !/^\d+$/.test(value);
  return structural && value.length >= 4 && !/^\d{1,5}$/.test(value) && (span.quoted || !value.includes(' '));
}

const endsClause = (text: string, end: number): boolean =>
  !/^[.,;:!?)}\]]? *[\p{L}\d]/u.test(text.slice(end, end + 6));

/** A list of secrets, or an object under a password's name, is secret as a whole. */
function nestedValue(text: string, from: number, verdict: KeyVerdict): ValueSpan | undefined {
  const start = isSpace(text.charCodeAt(from)) ? from + 1 : from;
  const open = text.charAt(start);
  const list = open === '[' && (verdict === 'password' || verdict === 'token');
  if (!list && (open !== '{' || verdict !== 'password')) return undefined;
  if (markerEnd(text, start) > 0 || !/^.\s{0,4}\\{0,4}["'{[]/.test(text.slice(start, start + 12)))
    return undefined;
  const limit = Math.min(text.length, start + 8_192);
  let depth = 0;
  for (let i = start; i < limit; i++) {
    const code = text.charCodeAt(i);
    if (code === 91 || code === 123) depth++;
    else if ((code === 93 || code === 125) && --depth === 0) return { start, end: i + 1, quoted: true };
  }
  return { start, end: limit, quoted: true };
}

const schemeAt =
  /["']?(Bearer|Basic|Digest|Token|ApiKey|Negotiate|NTLM|OAuth|Hawk|AWS4-HMAC-SHA256|Bot|SharedKey)[ \t]+/iy;
const manyParts = /^(?:Digest|OAuth|Hawk|AWS4-HMAC-SHA256)$/i;

/** The scheme stays, for it tells how somebody signs in and not with what. */
function headerValue(text: string, from: number, structural: boolean, found: Finding[]): number {
  let at = from;
  while (at - from < 4 && isSpace(text.charCodeAt(at))) at++;
  while (at - from < 8 && text.charCodeAt(at) === 92) at++;
  schemeAt.lastIndex = at;
  const scheme = schemeAt.exec(text)?.[1];
  const start = scheme === undefined ? from : schemeAt.lastIndex;
  const value =
    scheme !== undefined && manyParts.test(scheme) ? restOfLine(text, start) : readValue(text, start, false);
  if (value === undefined || value.end <= value.start) return -1;
  const content = text.slice(value.start, Math.min(value.end, value.start + 300));
  if (isState(content) || markerEnd(text, value.start) === value.end) return -1;
  if (scheme === undefined && !value.quoted && !structural && !looksRandom(content)) return -1;
  found.push({ start: value.start, end: value.end, label: 'authorization' });
  return value.end;
}

function restOfLine(text: string, start: number): ValueSpan {
  const end = text.slice(start, start + 4_096).search(/[\r\n]|\\n/);
  return { start, end: end < 0 ? Math.min(text.length, start + 4_096) : start + end, quoted: false };
}

const cookiePair = /[ \t]*[\w.!#$%*+^|~-]{1,200}=[^;\s"'\\,]*;?/y;

function cookieValue(text: string, from: number, found: Finding[]): number {
  const opening = /^\s{0,4}\\{0,4}["']?/.exec(text.slice(from, from + 12))?.[0].length ?? 0;
  const start = from + opening;
  let end = start;
  for (cookiePair.lastIndex = start; cookiePair.test(text); ) {
    end = cookiePair.lastIndex;
    if (text.charAt(end - 1) !== ';') break;
  }
  if (end === start) return -1;
  found.push({ start, end: text[end - 1] === ';' ? end - 1 : end, label: 'cookie' });
  return end;
}

const numberAt = /[\s"'\\]{0,6}([+(]?\d[\d ().*-]{4,28}\d)/y;

function numericValue(text: string, from: number, verdict: 'phone' | 'card', found: Finding[]): number {
  numberAt.lastIndex = from;
  const number = numberAt.exec(text)?.[1];
  if (number === undefined) return -1;
  const digits = number.replace(/\D/g, '').length;
  const [least, most] = verdict === 'phone' ? [7, 15] : [12, 19];
  if (digits < least || digits > most) return -1;
  const end = numberAt.lastIndex;
  found.push({ start: end - number.length, end, label: verdict });
  return end;
}

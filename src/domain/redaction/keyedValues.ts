import type { KeyVerdict } from './keys.ts';
import type { KindSwitches } from './options.ts';
import { type Finding, markerEnd } from './spans.ts';
import { isBlank, isState, looksLikeCode, looksRandom, readValue, type ValueSpan } from './values.ts';

/** A key in free text, with where it begins and whether the text's form, not its sense, makes it a key. */
export interface TextKey {
  verdict: KeyVerdict;
  structural: boolean;
}

/** Adds what the key makes secret, and returns where to read on; -1 when nothing is. */
export function secretBeside(
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
  const start = isBlank(text.charCodeAt(from)) ? from + 1 : from;
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
  while (at - from < 4 && isBlank(text.charCodeAt(at))) at++;
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

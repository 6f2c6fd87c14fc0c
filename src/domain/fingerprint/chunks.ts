import { namesWithDigits, numberedCodes } from './vocabulary.ts';

const number = '<n>';

const hasDigit = 1;
const hasSlash = 2;
const hasAt = 4;
const hasBackslash = 8;

const features = new Uint8Array(128);
for (const character of '0123456789') features[character.charCodeAt(0)] = hasDigit;
features[47] = hasSlash;
features[64] = hasAt;
features[92] = hasBackslash;

/** Decimal digits of other scripts, the full-width ones among them. */
const foreignDigits = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19]/g;

/** What a chunk without spaces comes to: itself, if nothing in it varies. */
export function standInForChunk(chunk: string): string {
  let seen = 0;
  let foreign = false;
  for (let i = 0; i < chunk.length; i++) {
    const code = chunk.charCodeAt(i);
    if (code < 128) seen |= features[code] as number;
    else foreign = true;
  }
  const plain = foreign ? chunk.replace(foreignDigits, '0') : chunk;
  if (plain !== chunk) seen |= hasDigit;
  if (seen === 0) return chunk;
  return locationOf(plain, seen) ?? ((seen & hasDigit) === 0 ? plain : withoutNumbers(plain));
}

const emailShape = /^[^@/]{1,100}@[^@/]{1,200}\.[^@/.\d]{2,30}$/;
const drive = /^[A-Za-z]:[\\/]/;
const rooted = /^(?:\.{0,2}|~)\/[^/]/;
const file = /\/[^/]{0,200}\.[A-Za-z][A-Za-z0-9]{0,5}(?::\d+){0,2}$/;
const onlyNumbers = /^(?!\/)[\d/.:,_T+-]+Z?$/;

function locationOf(chunk: string, seen: number): string | undefined {
  if (seen & hasSlash) {
    if (chunk.includes('://')) return '<url>';
    if (seen & hasDigit && onlyNumbers.test(chunk)) return number;
  }
  if (seen & hasAt && emailShape.test(chunk)) return '<email>';
  if (seen & hasBackslash && (drive.test(chunk) || chunk.indexOf('\\') !== chunk.lastIndexOf('\\')))
    return '<path>';
  if (seen & hasSlash && isPath(chunk)) return '<path>';
  return undefined;
}

function isPath(chunk: string): boolean {
  if (rooted.test(chunk) || drive.test(chunk)) return true;
  const first = chunk.indexOf('/');
  return chunk.indexOf('/', first + 1) > 0 || file.test(chunk);
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const colonAddress = /^\[?[0-9a-f]{0,4}(?::[0-9a-f.]{0,15}){2,8}(?:%\w{1,20})?$/i;
/** Most numbers, times, dates and addresses, a unit at their end included. */
const simpleNumber = /^[+-]?\d+(?:[.,:/_-]\d+)*[A-Za-z]{0,3}$/;
const part = /[A-Za-z0-9]+/g;
const joinedNumbers = /<n>(?:[-._:/,+@x]{1,2}<n>)*/g;
const leadingSign = /^[+-](?=<n>)/;

function withoutNumbers(chunk: string): string {
  if (simpleNumber.test(chunk)) return number;
  if (namesWithDigits.has(chunk.toLowerCase())) return chunk;
  if (chunk.includes(':') && colonAddress.test(chunk)) return number;
  const ids = chunk.length >= 36 ? chunk.replace(uuid, '0') : chunk;
  const masked = ids.replace(part, (word, offset: number) => standInForWord(word, ids, offset));
  return masked.replace(joinedNumbers, number).replace(leadingSign, '');
}

const anyDigit = /\d/;
const hexadecimal = /^[0-9a-fA-F]{6,}$/;

function standInForWord(word: string, chunk: string, offset: number): string {
  if (!anyDigit.test(word)) return word;
  const first = word.charCodeAt(0);
  if (namesWithDigits.has(word.toLowerCase())) return word;
  numberedCodes.lastIndex = offset;
  if (first > 57 && numberedCodes.test(chunk)) return word;
  if (first <= 57 && followsNumberedCode(chunk, offset)) return word;
  if (first <= 57 || hexadecimal.test(word) || isMixed(word)) return number;
  return word.replace(/\d+/g, number);
}

/** The number of `ORA-00942`, whose letters are a word of their own. */
function followsNumberedCode(chunk: string, offset: number): boolean {
  if (chunk.charCodeAt(offset - 1) !== 45) return false;
  let start = offset - 1;
  while (start > 0 && offset - start < 10 && /[A-Z\d-]/.test(chunk.charAt(start - 1))) start--;
  numberedCodes.lastIndex = start;
  return numberedCodes.test(chunk);
}

/** Letters and digits that take turns, as in `x2x9z` or `V1StGXR8Z5jd`: made by a machine. */
function isMixed(word: string): boolean {
  if (word.length < 5) return false;
  let turns = 0;
  for (let i = 1; i < word.length; i++) {
    if (word.charCodeAt(i) < 58 !== word.charCodeAt(i - 1) < 58) turns++;
  }
  return turns >= 3 || (turns === 2 && word.length >= 12);
}

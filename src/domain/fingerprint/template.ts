import { standInForChunk } from './chunks.ts';
import { closerOf, closingAfter, isWithinWord, type QuoteReader } from './quotes.ts';
import { dateWords, units } from './vocabulary.ts';

/**
 * What stays of a message when everything that differs between two occurrences of one fault is taken out. The
 * message is read once, from left to right, as chunks, signs and quoted values.
 */
const number = '<n>';
const quoted = '<str>';
const object = '{…}';
const standIns: ReadonlySet<string> = new Set([
  number,
  quoted,
  object,
  '<path>',
  '<url>',
  '<email>',
  '<secret>',
]);

const longestTemplate = 600;
const longestQuoted = 1_000;

interface Reader extends QuoteReader {
  at: number;
  out: string;
  /** `out` as it was before the last piece was added, and the last two pieces. */
  outBefore: string;
  last: string;
  beforeLast: string;
  spaced: boolean;
  /** `out` as it was before each object that is still open. */
  opened: string[];
}

const inChunk = 0;
const blank = 1;
const sign = 2;
const quote = 3;

const kinds = new Uint8Array(128);
for (let code = 0; code <= 32; code++) kinds[code] = blank;
for (const character of '()[]{}<>,;=|') kinds[character.charCodeAt(0)] = sign;
for (const character of '"\'`') kinds[character.charCodeAt(0)] = quote;

function kindOf(code: number): number {
  if (code < 128) return kinds[code] as number;
  if (code === 0xab || code === 0x300a || code === 0x300c || code === 0x300e) return quote;
  if (code === 0x201c || code === 0x201d || code === 0x201e || code === 0x2018) return quote;
  if (code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200f) || code === 0xfeff) return blank;
  if (code >= 0xff01 && code <= 0xff0f) return sign;
  return code === 0x3001 || code === 0x3002 || code === 0xff1a || code === 0xff1b || code === 0xff1f
    ? sign
    : inChunk;
}

export function templateOf(message: string): string {
  const reader: Reader = {
    text: message,
    at: 0,
    out: '',
    outBefore: '',
    last: '',
    beforeLast: '',
    spaced: false,
    opened: [],
    closers: undefined,
  };
  while (reader.at < message.length && reader.out.length < longestTemplate) readOne(reader);
  return reader.out;
}

function readOne(reader: Reader): void {
  const kind = kindOf(reader.text.charCodeAt(reader.at));
  if (kind === inChunk) readChunk(reader);
  else if (kind === sign) readSign(reader);
  else if (kind === quote) readQuoted(reader);
  else {
    reader.at++;
    reader.spaced = true;
  }
}

/** A URL goes on where a word would end. */
const restOfUrl = /[^\s"'`<>()[\]{}|]*/y;

function readChunk(reader: Reader): void {
  const { text, at: start } = reader;
  let end = start + 1;
  while (end < text.length) {
    const kind = kindOf(text.charCodeAt(end));
    if (kind !== inChunk && !isWithinChunk(text, end, kind)) break;
    end++;
  }
  const chunk = text.slice(start, end);
  if (chunk.includes('://')) {
    restOfUrl.lastIndex = end;
    restOfUrl.test(text);
    end = restOfUrl.lastIndex;
  }
  const trimmed = beforePunctuation(text, start, end);
  reader.at = trimmed;
  add(reader, standInForChunk(text.slice(start, trimmed)));
  // The punctuation at a chunk's end is a sign of its own: `failed:` is `failed` and `:`.
  if (trimmed < end) {
    add(reader, text.slice(trimmed, end));
    reader.at = end;
  }
}

function beforePunctuation(text: string, start: number, end: number): number {
  let at = end;
  while (at > start + 1) {
    const code = text.charCodeAt(at - 1);
    if (code !== 58 && code !== 46 && code !== 33 && code !== 63 && code !== 44 && code !== 59) break;
    at--;
  }
  return at;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** A comma between two digits parts thousands. */
function isWithinChunk(text: string, at: number, kind: number): boolean {
  if (kind === quote) return isWithinWord(text, at);
  return text.charCodeAt(at) === 44 && isDigit(text.charCodeAt(at - 1)) && isDigit(text.charCodeAt(at + 1));
}

const marker = /\[redacted:([a-z0-9-]{1,40})\]/y;
const numericMarkers: ReadonlySet<string> = new Set(['phone', 'card', 'iban', 'ip']);

function readSign(reader: Reader): void {
  const { text, at } = reader;
  const character = text.charAt(at);
  if (character === '[' && text.startsWith('[redacted:', at)) {
    marker.lastIndex = at;
    const label = marker.exec(text)?.[1];
    if (label !== undefined) {
      reader.at = marker.lastIndex;
      add(reader, label === 'email' ? '<email>' : numericMarkers.has(label) ? number : '<secret>');
      return;
    }
  }
  reader.at++;
  if (character === '{') reader.opened.push(reader.out);
  add(reader, character);
  if (character === '}') closeObject(reader);
}

/** Objects differ in their fields and in how many they have; `{}` and `{name}` of a template stay. */
function closeObject(reader: Reader): void {
  const before = reader.opened.pop();
  if (before === undefined) return;
  const content = reader.out.slice(before.length);
  if (!content.includes(':') && !content.includes('=')) return;
  reader.spaced = content.startsWith(' ');
  reader.out = before;
  reader.last = '';
  add(reader, object);
}

function readQuoted(reader: Reader): void {
  const { text, at } = reader;
  const closers = closerOf[text.charAt(at)] ?? '';
  let close = -1;
  for (const closer of closers) {
    const candidate = closingAfter(reader, closer, at + 1);
    if (candidate >= 0 && (close < 0 || candidate < close)) close = candidate;
  }
  if (close < 0 || close - at > longestQuoted) {
    reader.at++;
    return;
  }
  reader.at = close + 1;
  add(reader, quoted);
}

function add(reader: Reader, piece: string): void {
  if (piece === number && isDateWord(reader.last)) {
    reader.out = reader.outBefore;
    reader.last = reader.beforeLast;
    reader.beforeLast = '';
  }
  if (isSwallowed(reader, piece)) {
    reader.spaced = false;
    return;
  }
  reader.outBefore = reader.out;
  reader.out += reader.spaced && reader.out !== '' ? ` ${piece}` : piece;
  reader.spaced = false;
  reader.beforeLast = reader.last;
  reader.last = piece;
}

/** A unit belongs to its number, and a list of values is one value, for lists differ in length. */
function isSwallowed(reader: Reader, piece: string): boolean {
  const { last } = reader;
  if (last === number && (units.has(piece) || units.has(piece.toLowerCase()) || isDateWord(piece)))
    return true;
  if (!standIns.has(piece)) return false;
  if (last === piece) return true;
  if (last !== ',' || reader.beforeLast !== piece) return false;
  reader.out = reader.outBefore;
  reader.last = piece;
  return true;
}

function isDateWord(piece: string): boolean {
  const first = piece.charCodeAt(0);
  return first >= 65 && first <= 90 && piece.length >= 2 && dateWords.has(piece.toLowerCase());
}

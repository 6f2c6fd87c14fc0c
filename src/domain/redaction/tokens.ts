import type { Finding } from './spans.ts';
import { tokenRules, unmarkedTokenRules } from './tokenRules.ts';

interface CompiledRule {
  label: string;
  beginning: string;
  rest: RegExp;
}

/** Rules by their first two characters, so that an ordinary word costs one look-up. */
type RuleTable = readonly (readonly CompiledRule[] | undefined)[];

const tableWidth = 128;

function compile(): RuleTable {
  const table: CompiledRule[][] = [];
  const add = (first: number, second: number, rule: CompiledRule) => {
    const slot = first * tableWidth + second;
    const rules = table[slot] ?? [];
    rules.push(rule);
    table[slot] = rules;
  };
  for (const [label, beginnings, rest] of tokenRules) {
    const regExp = new RegExp(rest, 'y');
    for (const beginning of beginnings.split(' ')) {
      add(beginning.charCodeAt(0), beginning.charCodeAt(1), { label, beginning, rest: regExp });
    }
  }
  for (const [label, firsts, whole] of unmarkedTokenRules) {
    const rule = { label, beginning: '', rest: new RegExp(whole, 'y') };
    for (const first of firsts) {
      for (let second = 33; second < tableWidth; second++) add(first.charCodeAt(0), second, rule);
    }
  }
  return table;
}

const table = compile();

const isWord = new Uint8Array(tableWidth);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-') {
  isWord[character.charCodeAt(0)] = 1;
}
const isWordCode = (code: number): boolean => code < tableWidth && isWord[code] === 1;

const shortestToken = 13;

/** Finds tokens by their shape, and the credentials after `Bearer` and `Basic`. */
export function findTokens(text: string, found: Finding[]): void {
  let at = 0;
  while (at < text.length) {
    if (!isWordCode(text.charCodeAt(at))) {
      at++;
      continue;
    }
    let end = at + 1;
    while (end < text.length && isWordCode(text.charCodeAt(end))) end++;
    at = tokensInWord(text, at, end, found);
  }
}

function tokensInWord(text: string, start: number, end: number, found: Finding[]): number {
  const credentialEnd = credentialAfterScheme(text, start, end, found);
  if (credentialEnd > end) return credentialEnd;
  const skipped = charactersBeforeToken(text, start);
  let tokenEnd = tokenAt(text, start, found);
  if (tokenEnd < 0 && skipped > 0) tokenEnd = tokenAt(text, start + skipped, found);
  return Math.max(tokenEnd, end);
}

/** An escape (`\n`, `%20`) or Telegram's `/bot` looks like the beginning of the word that follows it. */
function charactersBeforeToken(text: string, start: number): number {
  const before = start === 0 ? 0 : text.charCodeAt(start - 1);
  if (before === 92) return text[start] === 'u' ? 5 : 1;
  if (before === 37) return 2;
  return text.startsWith('bot', start) ? 3 : 0;
}

function tokenAt(text: string, start: number, found: Finding[]): number {
  const first = text.charCodeAt(start);
  const second = text.charCodeAt(start + 1);
  if (!(first < tableWidth && second < tableWidth) || text.length - start < shortestToken) return -1;
  const rules = table[first * tableWidth + second];
  if (rules === undefined) return -1;
  for (const { label, beginning, rest } of rules) {
    if (!text.startsWith(beginning, start)) continue;
    rest.lastIndex = start + beginning.length;
    if (!rest.test(text)) continue;
    found.push({ start, end: rest.lastIndex, label });
    return rest.lastIndex;
  }
  return -1;
}

const bearerCredential = /\s{1,4}["']?([A-Za-z0-9._~+/=-]{6,})/y;
const schemes: Readonly<Record<string, string>> = { bearer: 'bearer', basic: 'basic-auth' };

function credentialAfterScheme(text: string, start: number, end: number, found: Finding[]): number {
  if (end - start !== 6 && end - start !== 5) return -1;
  if ((text.charCodeAt(start) | 32) !== 98) return -1;
  const label = schemes[text.slice(start, end).toLowerCase()];
  if (label === undefined) return -1;
  bearerCredential.lastIndex = end;
  const credential = bearerCredential.exec(text)?.[1];
  if (credential === undefined || !looksLikeCredential(credential)) return -1;
  const credentialEnd = bearerCredential.lastIndex;
  found.push({ start: credentialEnd - credential.length, end: credentialEnd, label });
  return credentialEnd;
}

// "Basic authentication failed" and "Bearer of bad news" have words there.
function looksLikeCredential(value: string): boolean {
  return /\d|[a-z][A-Z]|[A-Z]{2}|=/.test(value) || value.length >= 24;
}

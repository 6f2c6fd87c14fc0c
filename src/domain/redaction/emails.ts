import type { Finding } from './spans.ts';
import { isForeignLetter } from './unicode.ts';

const mostLocal = 64;
const mostDomain = 254;

const localCharacters = new Uint8Array(128);
for (const c of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$&'*+-/=?^_`{|}~%") {
  localCharacters[c.charCodeAt(0)] = 1;
}
// Allowed in an address, but far more often what stands before one: `user='a@b.c'`, `to=a@b.c`, `{a@b.c}`, a path.
for (const c of "!#$&'*/=?^`{|}") localCharacters[c.charCodeAt(0)] = 2;

const isLocal = (code: number): boolean =>
  code < 128 ? localCharacters[code] === 1 : isForeignLetter(code) || (code >= 0xd800 && code < 0xe000);
const isDomain = (code: number): boolean =>
  (code >= 48 && code <= 57) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 45 ||
  code === 46 ||
  (code >= 128 && isForeignLetter(code));

/** `skip` holds the places of `@` that belong to a URL's user part. */
export function findEmails(text: string, skip: ReadonlySet<number>, found: Finding[]): void {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (!skip.has(at)) emailAround(text, at, at + 1, found);
  }
  for (let at = text.indexOf('%40'); at >= 0; at = text.indexOf('%40', at + 3)) {
    emailAround(text, at, at + 3, found);
  }
}

function emailAround(text: string, at: number, domainStart: number, found: Finding[]): void {
  let start = at;
  while (start > 0 && at - start < mostLocal && isLocal(text.charCodeAt(start - 1))) start--;
  start = afterEscape(text, start, at);
  if (start === at) return;
  let end = domainStart;
  while (end < text.length && end - domainStart < mostDomain && isDomain(text.charCodeAt(end))) end++;
  while (end > domainStart && (text[end - 1] === '.' || text[end - 1] === '-')) end--;
  if (!isAddress(text.slice(start, at), text.slice(domainStart, end))) return;
  found.push({ start, end, label: 'email' });
}

/** `%3Dann%40example.com` and `\nann@example.com` begin with an escape that is no part of the address. */
function afterEscape(text: string, start: number, at: number): number {
  const percent = text.slice(start, at).lastIndexOf('%');
  if (percent >= 0) return Math.min(start + percent + 3, at);
  const dots = text.charCodeAt(start) === 46 ? start + 1 : start;
  if (dots > 0 && text.charCodeAt(dots - 1) === 92) return Math.min(dots + 1, at);
  return dots;
}

const topLevel = /^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59}|\P{ASCII}{2,24})$/iu;
const fileEnding = /^(?:png|jpe?g|gif|svg|webp|avif|ico|css|js|mjs|ts|tsx|jsx)$/i;
const versionLike = /^v?\d+\.\d/;

/** What people are not reached at: repositories, and scopes of programming languages. */
const impersonal: ReadonlySet<string> = new Set(['git', 'hg', 'svn', 'this', 'super', 'self']);

function isAddress(local: string, domain: string): boolean {
  const dot = domain.lastIndexOf('.');
  if (dot < 1 || domain.includes('..') || domain.startsWith('-')) return false;
  const top = domain.slice(dot + 1);
  if (!topLevel.test(top) || fileEnding.test(top)) return false;
  return !versionLike.test(domain) && !impersonal.has(local.toLowerCase());
}

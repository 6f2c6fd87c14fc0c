import type { Finding } from './spans.ts';

const mostAuthority = 512;

const isEnd = (code: number): boolean =>
  code <= 32 || code === 34 || code === 39 || code === 60 || code === 62 || code === 96;

/**
 * Passwords before the host of a URL. The places of the `@` that part them from the host go into `userParts`,
 * so that `password@host.com` is not taken for an e-mail address.
 */
export function findUrlPasswords(text: string, found: Finding[], userParts: Set<number>): void {
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    passwordInUrl(text, at + 3, found, userParts);
  }
  for (const separator of ['@tcp(', '@unix(']) {
    for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
      passwordInDsn(text, at, found, userParts);
    }
  }
}

function passwordInUrl(text: string, start: number, found: Finding[], userParts: Set<number>): void {
  const { colon, at } = userPartOf(text, start);
  if (at < 0) return;
  userParts.add(at);
  if (colon >= 0) {
    if (colon + 1 < at) found.push({ start: colon + 1, end: at, label: 'url-password' });
    return;
  }
  // A user without a password is a name, unless it is long and has digits: then it is a token.
  if (at - start >= 16 && /\d/.test(text.slice(start, at)))
    found.push({ start, end: at, label: 'url-password' });
}

/** The first colon and the last `@` of the authority; a password may hold a raw slash when no port is in its place. */
function userPartOf(text: string, start: number): { colon: number; at: number } {
  let colon = -1;
  let at = -1;
  let slash = -1;
  const limit = Math.min(text.length, start + mostAuthority);
  for (let i = start; i < limit; i++) {
    const code = text.charCodeAt(i);
    if (isEnd(code) || (code === 58 && text.startsWith('//', i + 1))) break;
    if (code === 58 && colon < 0 && at < 0) colon = i;
    else if (code === 64) {
      if (slash < 0 || (at < 0 && isSlashedPassword(text, colon, slash))) at = i;
    } else if (slash < 0 && (code === 47 || code === 63 || code === 35 || code === 92)) {
      slash = i;
      if (at >= 0) break;
    }
  }
  return { colon: colon < at ? colon : -1, at };
}

function isSlashedPassword(text: string, colon: number, slash: number): boolean {
  return colon >= 0 && colon < slash && !/^\d{0,5}$/.test(text.slice(colon + 1, slash));
}

/** `user:password@tcp(host:3306)/base`, as Go writes it. */
function passwordInDsn(text: string, at: number, found: Finding[], userParts: Set<number>): void {
  const floor = Math.max(0, at - 128);
  let start = at;
  while (start > floor && !isEnd(text.charCodeAt(start - 1))) start--;
  const colon = text.slice(start, at).indexOf(':');
  if (colon < 0 || start + colon + 1 >= at) return;
  userParts.add(at);
  found.push({ start: start + colon + 1, end: at, label: 'url-password' });
}

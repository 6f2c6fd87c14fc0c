import type { Finding } from './spans.ts';

const candidate = /[0-9A-Fa-f:.]{3,45}/g;
const octets = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;
const hexGroup = /^[0-9a-f]{1,4}$/i;
const wordCharacter = /[\w.:]/;

/** IPv4 and IPv6 addresses, a port beside them left alone. */
export function findIpAddresses(text: string, found: Finding[]): void {
  candidate.lastIndex = 0;
  for (let match = candidate.exec(text); match !== null; match = candidate.exec(text)) {
    const start = match.index;
    if (start > 0 && wordCharacter.test(text.charAt(start - 1))) continue;
    if (/\w/.test(text.charAt(candidate.lastIndex))) continue;
    const trimmed = match[0].replace(/[.:]$/, '');
    const size = addressLength(trimmed);
    if (size > 0) found.push({ start, end: start + size, label: 'ip' });
  }
}

function addressLength(text: string): number {
  const port = text.indexOf(':');
  const v4 = port < 0 ? text : text.slice(0, port);
  if (octets.test(v4)) return v4.length;
  return isIpv6(text) ? text.length : 0;
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = text.split(':').filter((group) => group !== '');
  const last = groups.at(-1) ?? '';
  const mapped = last.includes('.');
  if (mapped && !octets.test(last)) return false;
  if (!(mapped ? groups.slice(0, -1) : groups).every((group) => hexGroup.test(group))) return false;
  const size = groups.length + (mapped ? 1 : 0);
  // `a::b` is a path in several languages; an address that short has a digit.
  if (halves.length === 2) return size >= 2 && size <= 7 && /\d/.test(text);
  return size === 8;
}

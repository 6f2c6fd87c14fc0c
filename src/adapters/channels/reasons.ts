import { clip, oneLine } from '../../domain/alerts/messages/clean.ts';

/** What others answer, made fit to be kept in the log and shown: short, on one line, without what is secret. */

const longestReason = 200;
/** Shorter ones would be found in ordinary words. */
const shortestSecret = 6;
const hidden = '[secret]';

export function shown(text: string, secrets: readonly string[]): string {
  const found = secrets.filter((secret) => secret.length >= shortestSecret);
  const longestFirst = [...new Set(found)].sort((a, b) => b.length - a.length);
  return clip(
    oneLine(longestFirst.reduce((rest, secret) => rest.replaceAll(secret, hidden), text)),
    longestReason,
  );
}

/** Everything of an address that may let its reader in: whoever knows a webhook's path can write to it. */
export function secretsOf(address: URL): string[] {
  const { href, pathname, search, username, password } = address;
  const parts = [...pathname.split('/'), ...address.searchParams.values(), username, password];
  return [href, `${pathname}${search}`, pathname, ...parts, ...parts.map(decoded)];
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

import { findIpAddresses } from './addresses.ts';
import { findAnnounced } from './announced.ts';
import { findAssignments } from './assignments.ts';
import { findEmails } from './emails.ts';
import type { KeyClassifier } from './keys.ts';
import { findNumbers } from './numbers.ts';
import type { KindSwitches } from './options.ts';
import { type CompiledPattern, findPatterns } from './patterns.ts';
import { findPrivateKeys } from './privateKeys.ts';
import { Feature } from './scan.ts';
import type { Finding } from './spans.ts';
import { findTokens } from './tokens.ts';
import { findUrlPasswords } from './urls.ts';

export interface Detection {
  switches: KindSwitches;
  keys: KeyClassifier;
  patterns: readonly CompiledPattern[];
}

/**
 * `whole` is any text. `identifier` is a field that ties events together: numbers in it are left alone, for a
 * chance checksum must not break an ordinary id, except after a plus, which no id begins with.
 */
export type Reading = 'whole' | 'identifier';

/** Runs the detectors that `features` calls for. Tokens come first, for their labels say the most. */
export function detect(text: string, features: number, reading: Reading, detection: Detection): Finding[] {
  const { switches, keys, patterns } = detection;
  const found: Finding[] = [];
  const separators = (features & Feature.separator) !== 0;
  const announced = (features & Feature.announcer) !== 0;
  if (switches.token && (features & Feature.longWord || announced)) findTokens(text, found);
  if (switches['private-key'] && features & Feature.longWord) findPrivateKeys(text, found);
  if (features & Feature.at) findAtSigns(text, switches, found);
  if (separators) findAssignments(text, keys, switches, found);
  if (switches.secret && announced) findAnnounced(text, keys, found);
  if (features & (Feature.number | Feature.longWord)) findInNumbers(text, reading, switches, found);
  if (switches.ip && reading === 'whole') findIpAddresses(text, found);
  if (patterns.length > 0) findPatterns(text, patterns, found);
  return found;
}

function findAtSigns(text: string, switches: KindSwitches, found: Finding[]): void {
  const userParts = new Set<number>();
  const passwords: Finding[] = [];
  findUrlPasswords(text, passwords, userParts);
  if (switches['url-password']) found.push(...passwords);
  if (switches.email) findEmails(text, userParts, found);
}

function findInNumbers(text: string, reading: Reading, switches: KindSwitches, found: Finding[]): void {
  if (!switches.card && !switches.phone && !switches.iban) return;
  if (reading === 'whole') findNumbers(text, switches, found);
  else if (text.startsWith('+')) findNumbers(text, { ...switches, card: false, iban: false }, found);
}

/** What can be switched on and off. A marker names its kind, or the vendor for a token: `[redacted:github-token]`. */
export const redactionKinds = [
  'secret',
  'authorization',
  'cookie',
  'url-password',
  'token',
  'private-key',
  'iban',
  'card',
  'email',
  'phone',
  'ip',
] as const;

export type RedactionKind = (typeof redactionKinds)[number];

export interface ExtraPattern {
  /** Shown in the marker: `[redacted:<name>]`. Lower-case letters, digits and hyphens. */
  name: string;
  /** A regular expression without flags, within the limits that `patternFault` explains. */
  pattern: string;
  ignoreCase?: boolean;
}

export interface RedactionOptions {
  kinds?: Partial<Record<RedactionKind, boolean>>;
  /** Names whose values are removed, besides those known here; any spelling of a name fits. */
  extraKeys?: readonly string[];
  /** Names whose values are never removed for their name's sake. */
  safeKeys?: readonly string[];
  extraPatterns?: readonly ExtraPattern[];
  /** Values that survive wherever they are found, compared without case. */
  allow?: readonly string[];
  /**
   * A keyed hash (HMAC-SHA-256 in hex, say), so that a user whose id was an e-mail address is still one user.
   * Without it, all such users become one.
   */
  keyedHash?: (value: string) => string;
}

export type KindSwitches = Readonly<Record<RedactionKind, boolean>>;

// Addresses of machines are needed to find faults far more often than they are personal.
const offByDefault: ReadonlySet<RedactionKind> = new Set(['ip']);

export function kindSwitches(chosen: RedactionOptions['kinds'] = {}): KindSwitches {
  const switches = redactionKinds.map((kind) => [kind, chosen[kind] ?? !offByDefault.has(kind)] as const);
  return Object.fromEntries(switches) as Record<RedactionKind, boolean>;
}

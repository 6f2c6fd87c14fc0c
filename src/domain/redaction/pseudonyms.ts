const mostRemembered = 10_000;
const pseudonymLength = 16;

/** The same value always gets the same name, which tells nothing about the value to whoever lacks the key. */
export function createPseudonyms(
  keyedHash: ((value: string) => string) | undefined,
): (label: string, value: string) => string {
  if (keyedHash === undefined) return (label) => `redacted-${label}`;
  const known = new Map<string, string>();
  return (label, value) => {
    // An address is the same in every spelling of case.
    const plain = value.normalize('NFKC').toLowerCase();
    const before = known.get(plain);
    if (before !== undefined) return before;
    const name = `redacted-${label}-${keyedHash(plain).slice(0, pseudonymLength)}`;
    if (known.size >= mostRemembered) known.clear();
    known.set(plain, name);
    return name;
  };
}

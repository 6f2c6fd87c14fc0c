declare global {
  // ES2024, present since Node 20; the compiler's ES2023 library does not know them yet.
  interface String {
    isWellFormed(): boolean;
    toWellFormed(): string;
  }
}

const isClean = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** NUL and lone surrogates cannot be stored as UTF-8 text everywhere; the replacement character can. */
function clean(text: string): string {
  return isClean(text) ? text : text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Cuts what is too long and says so in the text itself, for a shortened stack is worth more than none. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const marker = `… [shortened, was ${text.length} characters]`;
  // The cut may fall between the halves of a surrogate pair.
  return `${text.slice(0, limit - marker.length).toWellFormed()}${marker}`;
}

function cleanMap(map: Record<string, unknown>, depth: number): Record<string, unknown> {
  const entries = Object.entries(map).map(
    ([name, value]) => [clean(name), cleanValue(value, depth)] as const,
  );
  return Object.fromEntries(entries);
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return clean(value);
  const goesOn = depth > 0 && typeof value === 'object' && value !== null && !Array.isArray(value);
  return goesOn ? cleanMap(value as Record<string, unknown>, depth - 1) : value;
}

function isCleanMap(map: Record<string, unknown>, depth: number): boolean {
  for (const name in map) {
    const value = map[name];
    if (!isClean(name)) return false;
    if (typeof value === 'string' && !isClean(value)) return false;
    if (depth > 0 && typeof value === 'object' && value !== null)
      if (!isCleanMap(value as Record<string, unknown>, depth - 1)) return false;
  }
  return true;
}

/** The event with every text in it made harmless, its attributes' included; the same object if all were. */
export function withCleanTexts<T extends object>(event: T): T {
  const map = event as Record<string, unknown>;
  return isCleanMap(map, 1) ? event : (cleanMap(map, 1) as T);
}

/** What finding the end of a quoted value needs to know and remembers. */
export interface QuoteReader {
  readonly text: string;
  /** For each closing quote, the first place where it is known to close. */
  closers: Map<string, number> | undefined;
}

export const closerOf: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': "`'",
  '“': '”',
  '”': '”',
  '„': '“”',
  '«': '»',
  '‘': '’',
  '「': '」',
  '『': '』',
  '《': '》',
};

const isLetter = (code: number): boolean =>
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  (code >= 0xc0 && (code < 0x2000 || code > 0x2bff));

/** The apostrophe of `can't` and `об'єкт`, the double one of `צה"ל`. */
export function isWithinWord(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at + 1);
  if (text.charCodeAt(at) === 39) return isLetter(before) && isLetter(after);
  return text.charCodeAt(at) === 34 && isHebrew(before) && isHebrew(after);
}

const isHebrew = (code: number): boolean => code >= 0x5d0 && code <= 0x5ea;
/**
 * The first place from `from` on where `closer` ends a quoted value. It is remembered until it is passed, so that a
 * text full of opening quotes is searched only once.
 */
export function closingAfter(reader: QuoteReader, closer: string, from: number): number {
  const known = reader.closers?.get(closer);
  if (known !== undefined && known >= from) return known === reader.text.length ? -1 : known;
  const { text } = reader;
  let at = text.indexOf(closer, from);
  while (at >= 0 && (isEscaped(text, at) || isWithinWord(text, at))) at = text.indexOf(closer, at + 1);
  reader.closers ??= new Map();
  reader.closers.set(closer, at < 0 ? text.length : at);
  return at;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = at;
  while (text.charCodeAt(slashes - 1) === 92) slashes--;
  return (at - slashes) % 2 === 1;
}

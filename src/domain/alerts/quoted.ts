/** Texts in double quotes as Alertmanager reads them; both functions are given what stands between the quotes. */

const piece =
  /[^"\\\n]+|\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/gy;

const letters: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const isCharacter = (point: number): boolean => point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);

/** The escapes of a string in Go; undefined when one is not known, or when bytes do not add up to characters. */
export function unescapeAll(text: string): string | undefined {
  const bytes: number[] = [];
  const add = (plain: string) => bytes.push(...new TextEncoder().encode(plain));
  let end = 0;
  for (const match of text.matchAll(piece)) {
    const [whole, letter, hex, octal, short, long] = match;
    end = match.index + whole.length;
    const code = short ?? long;
    if (letter !== undefined) add(letters[letter] ?? letter);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (code === undefined) add(whole);
    else if (isCharacter(Number.parseInt(code, 16))) add(String.fromCodePoint(Number.parseInt(code, 16)));
    else return undefined;
  }
  return end === text.length ? decode(bytes) : undefined;
}

function decode(bytes: readonly number[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** The three escapes of older matchers; other backslashes stay, as regular expressions need them. */
export const unescapeFew = (text: string): string =>
  text.replace(/\\([\\"n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));

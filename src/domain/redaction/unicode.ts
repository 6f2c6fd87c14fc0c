/** Zeros of the decimal digits in other scripts; each script's ten follow one another. */
const digitZeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xbe6, 0xe50];

/** Ranges of characters that can stand for, or hide between, the ASCII ones that detectors look for. */
const oddRanges: readonly (readonly [number, number])[] = [
  [0xa0, 0xa0],
  [0xad, 0xad],
  ...digitZeros.map((zero) => [zero, zero + 9] as const),
  [0x180e, 0x180e],
  [0x2000, 0x2013],
  [0x2028, 0x202f],
  [0x205f, 0x209c],
  [0x2212, 0x2212],
  [0x2460, 0x24ff],
  [0x3000, 0x3000],
  [0xfe50, 0xfe6f],
  [0xfeff, 0xfeff],
  [0xff01, 0xffee],
  // Mathematical letters and digits, and tag characters, by their first halves.
  [0xd835, 0xd835],
  [0xdb40, 0xdb40],
];

const oddPages = new Uint8Array(256);
for (const [from, to] of oddRanges) {
  for (let page = from >> 8; page <= to >> 8; page++) oddPages[page] = 1;
}

export function isOdd(code: number): boolean {
  if (oddPages[code >> 8] === 0) return false;
  return oddRanges.some(([from, to]) => code >= from && code <= to);
}

/** A text as its reader sees it, with the way back to the text as it is. */
export interface Skeleton {
  text: string;
  /** For each character here, where its original begins; one more entry for the end. */
  starts: Int32Array;
  /** For each character here, where its original ends. */
  ends: Int32Array;
}

export function skeletonOf(original: string): Skeleton {
  const parts: string[] = [];
  // No compatibility form of the odd characters is longer than four for each of theirs.
  const starts = new Int32Array(original.length * 4 + 1);
  const ends = new Int32Array(original.length * 4);
  let length = 0;
  for (let i = 0; i < original.length; ) {
    const code = original.codePointAt(i) as number;
    const width = code > 0xffff ? 2 : 1;
    const plain = isOdd(original.charCodeAt(i)) ? plainForm(code) : original.slice(i, i + width);
    parts.push(plain);
    for (let k = 0; k < plain.length; k++, length++) {
      starts[length] = i;
      ends[length] = i + width;
    }
    i += width;
  }
  starts[length] = original.length;
  return { text: parts.join(''), starts, ends };
}

function plainForm(code: number): string {
  if (isInvisible(code)) return '';
  if ((code >= 0x2010 && code <= 0x2013) || code === 0x2212) return '-';
  for (const zero of digitZeros) if (code >= zero && code <= zero + 9) return String(code - zero);
  const character = String.fromCodePoint(code);
  const plain = character.normalize('NFKC');
  return plain.length <= 4 ? plain : character;
}

function isInvisible(code: number): boolean {
  return (
    code === 0xad ||
    code === 0x180e ||
    code === 0xfeff ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xe0000 && code <= 0xe007f)
  );
}

/** Letters of any script, by exclusion: above ASCII, what is neither space nor punctuation nor symbol. */
export function isForeignLetter(code: number): boolean {
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba;
  if (code >= 0x2000 && code <= 0x2bff) return false;
  if (code >= 0x3000 && code <= 0x3004) return false;
  if (code >= 0x3008 && code <= 0x3020) return false;
  if (code === 0x60c || code === 0x61b || code === 0x61f || code === 0x5be || code === 0x5c3) return false;
  return code < 0xfe10 || (code >= 0xff21 && code <= 0xffdc);
}

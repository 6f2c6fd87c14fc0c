/** Finishes a 32-bit hash: every bit of the input reaches every bit of the output. */
export function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

/** A second hash out of the first and the text's length, for filters that need more bits than 32. */
export const rehash = (hash: number): number => mix(Math.imul(hash, 0x9e3779b1) + 0x7f4a7c15);

/** Of the 16 bytes of an id, as four words. Ids of one source differ in few bytes, so each word is mixed in. */
export function hashWords(words: Uint32Array, at: number): number {
  let h = mix(words[at] as number);
  h = mix(h + (words[at + 1] as number));
  h = mix(h + (words[at + 2] as number));
  return mix(h + (words[at + 3] as number));
}

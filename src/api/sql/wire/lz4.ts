/**
 * LZ4 blocks, the compression that ClickHouse's clients expect. Written for this door alone: greedy, one hash table,
 * no frames.
 */
const minMatch = 4;
const lastLiterals = 5;
/** A match must not begin nearer to the end than this. */
const matchLimit = 12;
const hashBits = 14;

const maxCompressedSize = (size: number): number => size + Math.ceil(size / 255) + 16;

export function compressBlock(input: Uint8Array): Uint8Array {
  const out = new Uint8Array(maxCompressedSize(input.length));
  const table = new Int32Array(1 << hashBits).fill(-1);
  const read32 = (at: number): number =>
    (input[at] ?? 0) |
    ((input[at + 1] ?? 0) << 8) |
    ((input[at + 2] ?? 0) << 16) |
    ((input[at + 3] ?? 0) << 24);
  let anchor = 0;
  let at = 0;
  let to = 0;
  const lastStart = input.length - matchLimit;
  while (at < lastStart) {
    const word = read32(at);
    const slot = Math.imul(word, -1640531535) >>> (32 - hashBits);
    const candidate = table[slot] ?? -1;
    table[slot] = at;
    if (candidate < 0 || at - candidate > 0xffff || read32(candidate) !== word) {
      // Steps grow where nothing repeats, so that dense data is passed over quickly.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    let length = minMatch;
    const limit = input.length - lastLiterals - at;
    while (length < limit && input[candidate + length] === input[at + length]) length++;
    to = writeSequence(out, to, input.subarray(anchor, at), at - candidate, length);
    at += length;
    anchor = at;
  }
  to = writeSequence(out, to, input.subarray(anchor), 0, 0);
  return out.subarray(0, to);
}

function writeSequence(
  out: Uint8Array,
  start: number,
  literals: Uint8Array,
  offset: number,
  match: number,
): number {
  let to = start + 1;
  const extra = match === 0 ? 0 : match - minMatch;
  out[start] = (Math.min(literals.length, 15) << 4) | Math.min(extra, 15);
  if (literals.length >= 15) to = writeLength(out, to, literals.length - 15);
  out.set(literals, to);
  to += literals.length;
  if (match === 0) return to;
  out[to++] = offset & 0xff;
  out[to++] = offset >> 8;
  return extra >= 15 ? writeLength(out, to, extra - 15) : to;
}

function writeLength(out: Uint8Array, start: number, length: number): number {
  let to = start;
  let left = length;
  for (; left >= 255; left -= 255) out[to++] = 255;
  out[to++] = left;
  return to;
}

/**
 * What a block holds, behind what came before it, to which it may refer. Throws a RangeError when the block is damaged
 * or holds more than `maxSize`.
 */
export function decompressBlock(
  input: Uint8Array,
  maxSize: number,
  before: Uint8Array = new Uint8Array(0),
): Buffer {
  const out = Buffer.alloc(before.length + maxSize);
  out.set(before);
  let at = 0;
  let to = before.length;
  const byte = (): number => {
    const value = input[at++];
    if (value === undefined) throw new RangeError('LZ4 block ends early');
    return value;
  };
  const longer = (length: number): number => {
    let total = length;
    for (let more = length === 15 ? 255 : 0; more === 255; total += more) more = byte();
    return total;
  };
  while (at < input.length) {
    const mark = byte();
    const literals = longer(mark >> 4);
    if (at + literals > input.length || to + literals > out.length)
      throw new RangeError('LZ4 literals overrun');
    out.set(input.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at >= input.length) break;
    const offset = byte() | (byte() << 8);
    const length = longer(mark & 15) + minMatch;
    if (offset === 0 || offset > to || to + length > out.length) throw new RangeError('LZ4 match overruns');
    for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset] ?? 0;
    to += length;
  }
  return out.subarray(0, to);
}

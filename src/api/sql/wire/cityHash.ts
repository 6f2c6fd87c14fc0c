/**
 * CityHash128 as of version 1.0.2, the checksum before each of ClickHouse's compressed blocks. Later versions of the
 * function give other values, so that no common implementation would do.
 */
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;
const k3 = 0xc949d7c7509e6557n;
const kMul = 0x9ddfea08eb382d69n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint =>
  by === 0n ? value : u64((value >> by) | (value << (64n - by)));
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

function hash16(low: bigint, high: bigint): bigint {
  let a = u64((low ^ high) * kMul);
  a ^= a >> 47n;
  let b = u64((high ^ a) * kMul);
  b ^= b >> 47n;
  return u64(b * kMul);
}

type Pair = [low: bigint, high: bigint];

class Bytes {
  readonly view: DataView;
  readonly size: number;
  constructor(data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.size = data.byteLength;
  }

  at64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  at32(at: number): bigint {
    return BigInt(this.view.getUint32(at, true));
  }

  at8(at: number): bigint {
    return BigInt(this.view.getUint8(at));
  }
}

function hashUpTo16(bytes: Bytes, at: number, size: number): bigint {
  const length = BigInt(size);
  if (size > 8) {
    const a = bytes.at64(at);
    const b = bytes.at64(at + size - 8);
    return hash16(a, rotate(u64(b + length), length)) ^ b;
  }
  if (size >= 4) return hash16(u64(length + (bytes.at32(at) << 3n)), bytes.at32(at + size - 4));
  if (size === 0) return k2;
  const y = bytes.at8(at) + (bytes.at8(at + (size >> 1)) << 8n);
  const z = length + (bytes.at8(at + size - 1) << 2n);
  return u64(shiftMix(u64(y * k2) ^ u64(z * k3)) * k2);
}

function weak32(bytes: Bytes, at: number, seedA: bigint, seedB: bigint): Pair {
  const w = bytes.at64(at);
  const x = bytes.at64(at + 8);
  const y = bytes.at64(at + 16);
  const z = bytes.at64(at + 24);
  let a = u64(seedA + w);
  let b = rotate(u64(seedB + a + z), 21n);
  const c = a;
  a = u64(a + x + y);
  b = u64(b + rotate(a, 44n));
  return [u64(a + z), u64(b + c)];
}

function murmur(bytes: Bytes, start: number, size: number, seed: Pair): Pair {
  let [a, b] = seed;
  let c: bigint;
  let d: bigint;
  if (size <= 16) {
    a = u64(shiftMix(u64(a * k1)) * k1);
    c = u64(b * k1 + hashUpTo16(bytes, start, size));
    d = shiftMix(u64(a + (size >= 8 ? bytes.at64(start) : c)));
  } else {
    c = hash16(u64(bytes.at64(start + size - 8) + k1), a);
    d = hash16(u64(b + BigInt(size)), u64(c + bytes.at64(start + size - 16)));
    a = u64(a + d);
    for (let at = start, left = size - 16; left > 0; at += 16, left -= 16) {
      a = u64((a ^ u64(shiftMix(u64(bytes.at64(at) * k1)) * k1)) * k1);
      b ^= a;
      c = u64((c ^ u64(shiftMix(u64(bytes.at64(at + 8) * k1)) * k1)) * k1);
      d ^= c;
    }
  }
  a = hash16(a, c);
  b = hash16(d, b);
  return [a ^ b, hash16(b, a)];
}

interface State {
  v: Pair;
  w: Pair;
  x: bigint;
  y: bigint;
  z: bigint;
}

function mix64(bytes: Bytes, at: number, s: State): void {
  s.x = u64(rotate(u64(s.x + s.y + s.v[0] + bytes.at64(at + 16)), 37n) * k1);
  s.y = u64(rotate(u64(s.y + s.v[1] + bytes.at64(at + 48)), 42n) * k1);
  s.x ^= s.w[1];
  s.y ^= s.v[0];
  s.z = rotate(s.z ^ s.w[0], 33n);
  s.v = weak32(bytes, at, u64(s.v[1] * k1), u64(s.x + s.w[0]));
  s.w = weak32(bytes, at + 32, u64(s.z + s.w[1]), s.y);
  [s.z, s.x] = [s.x, s.z];
}

function hashWithSeed(bytes: Bytes, start: number, size: number, seed: Pair): Pair {
  if (size < 128) return murmur(bytes, start, size, seed);
  const [x, y] = seed;
  const length = BigInt(size);
  const first = u64(rotate(y ^ k1, 49n) * k1 + bytes.at64(start));
  const second = u64(rotate(first, 42n) * k1 + bytes.at64(start + 8));
  const z = u64(length * k1);
  const third = u64(rotate(u64(y + z), 35n) * k1 + x);
  const fourth = u64(rotate(u64(x + bytes.at64(start + 88)), 53n) * k1);
  const s: State = { v: [first, second], w: [third, fourth], x, y, z };
  let at = start;
  let left = size;
  for (; left >= 128; left -= 128, at += 128) {
    mix64(bytes, at, s);
    mix64(bytes, at + 64, s);
  }
  s.y = u64(s.y + rotate(s.w[0], 37n) * k0 + s.z);
  s.x = u64(s.x + rotate(u64(s.v[0] + s.z), 49n) * k0);
  for (let done = 0; done < left; ) {
    done += 32;
    s.y = u64(rotate(u64(s.y - s.x), 42n) * k0 + s.v[1]);
    s.w = [u64(s.w[0] + bytes.at64(at + left - done + 16)), s.w[1]];
    s.x = u64(rotate(s.x, 49n) * k0 + s.w[0]);
    s.w = [u64(s.w[0] + s.v[0]), s.w[1]];
    s.v = weak32(bytes, at + left - done, s.v[0], s.v[1]);
  }
  const high = hash16(s.x, s.v[0]);
  const low = hash16(s.y, s.w[0]);
  return [u64(hash16(u64(high + s.v[1]), s.w[1]) + low), hash16(u64(high + s.w[1]), u64(low + s.v[1]))];
}

/** Sixteen bytes: the low half first, both little-endian. */
export function cityHash128(data: Uint8Array): Uint8Array {
  const bytes = new Bytes(data);
  const size = bytes.size;
  const pair =
    size >= 16
      ? hashWithSeed(bytes, 16, size - 16, [bytes.at64(0) ^ k3, bytes.at64(8)])
      : size >= 8
        ? hashWithSeed(new Bytes(new Uint8Array(0)), 0, 0, [
            bytes.at64(0) ^ u64(BigInt(size) * k0),
            bytes.at64(size - 8) ^ k1,
          ])
        : hashWithSeed(bytes, 0, size, [k0, k1]);
  const digest = new Uint8Array(16);
  const view = new DataView(digest.buffer);
  view.setBigUint64(0, pair[0], true);
  view.setBigUint64(8, pair[1], true);
  return digest;
}

import { rehash } from './hash.ts';

/** A wrong yes costs unpacking a block, so that among ten thousand blocks less than one should say it. */
const BITS_PER_VALUE = 20;
const PROBES = 14;
/** The first byte tells the number of probes, so that it can be changed without making old filters lie. */
const BITS_AT = 8;

/** A set that may say yes wrongly but never no. */
export function makeBloom(hashes: ReadonlySet<number>): Buffer {
  const bloom = Buffer.alloc(1 + Math.max(8, Math.ceil((hashes.size * BITS_PER_VALUE) / 8)));
  bloom[0] = PROBES;
  const bits = bloom.length * 8 - BITS_AT;
  for (const hash of hashes) {
    const step = rehash(hash) | 1;
    for (let probe = 0, h = hash; probe < PROBES; probe++, h = (h + step) >>> 0) {
      const bit = BITS_AT + (h % bits);
      bloom[bit >>> 3] = (bloom[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return bloom;
}

export function mayHave(bloom: Uint8Array, hash: number): boolean {
  const probes = bloom[0] as number;
  const bits = bloom.length * 8 - BITS_AT;
  const step = rehash(hash) | 1;
  for (let probe = 0, h = hash; probe < probes; probe++, h = (h + step) >>> 0) {
    const bit = BITS_AT + (h % bits);
    if (((bloom[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

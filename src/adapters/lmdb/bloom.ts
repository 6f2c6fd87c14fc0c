import { rehash } from './hash.ts';

const BITS_PER_VALUE = 10;
const PROBES = 7;

/** A set that may say yes wrongly (about one time in a hundred) but never no. */
export function makeBloom(hashes: ReadonlySet<number>): Buffer {
  const bytes = Math.max(8, Math.ceil((hashes.size * BITS_PER_VALUE) / 8));
  const bloom = Buffer.alloc(bytes);
  for (const hash of hashes) {
    const step = rehash(hash) | 1;
    for (let probe = 0, h = hash; probe < PROBES; probe++, h = (h + step) >>> 0) {
      const bit = h % (bytes * 8);
      bloom[bit >>> 3] = (bloom[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return bloom;
}

export function mayHave(bloom: Uint8Array, bytes: number, hash: number): boolean {
  const step = rehash(hash) | 1;
  for (let probe = 0, h = hash; probe < PROBES; probe++, h = (h + step) >>> 0) {
    const bit = h % (bytes * 8);
    if (((bloom[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

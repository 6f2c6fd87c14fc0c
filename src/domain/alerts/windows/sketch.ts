import type { EvidenceSketch } from '../../events/alerts.ts';

/**
 * A DDSketch: quantiles of milliseconds within one hundredth of their value. It holds whole counts and nothing else, so
 * that adding, merging and taking away again give the same state in whatever order and portions they come.
 */

const accuracy = 0.01;
const gamma = (1 + accuracy) / (1 - accuracy);
const binsPerE = 1 / Math.log(gamma);

/** Milliseconds; whatever is shorter counts as zero. */
const shortest = 1e-3;
const lowestBin = Math.ceil(Math.log(shortest) * binsPerE);

/** A sketch that is written down has room for 2,048 of them; the last one takes what is longer than 19,000 years. */
const mostBins = 2_047;

/** Zeros share the order of the bins, as the first of them. */
const zeroKey = 0;

/** The place of a value among the bins: 0 for zeros, then one for each bin, at most `mostBins`. */
export function keyOf(value: number): number {
  if (!(value >= shortest)) return zeroKey;
  return keyOfBin(Math.ceil(Math.log(value) * binsPerE));
}

const keyOfBin = (bin: number): number => Math.min(Math.max(bin - lowestBin + 1, 1), mostBins);

const binOf = (key: number): number => key - 1 + lowestBin;

/** The one value that is off by the same share from both ends of the bin. */
const middleOf = (key: number): number => (key === zeroKey ? 0 : (2 * gamma ** binOf(key)) / (gamma + 1));

export class Sketch {
  /** Sorted; none whose count is zero, so that equal contents are equal states. */
  readonly #keys: number[] = [];
  readonly #counts: number[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get zeros(): number {
    return this.#keys[0] === zeroKey ? (this.#counts[0] ?? 0) : 0;
  }

  add(value: number): void {
    this.addKey(keyOf(value), 1);
  }

  /** A negative number takes away. */
  addKey(key: number, times: number): void {
    const at = this.#placeOf(key);
    if (this.#keys[at] !== key) {
      this.#keys.splice(at, 0, key);
      this.#counts.splice(at, 0, 0);
    }
    const left = (this.#counts[at] ?? 0) + times;
    if (left < 0) throw new RangeError('more was taken out of a sketch than was in it');
    if (left === 0) {
      this.#keys.splice(at, 1);
      this.#counts.splice(at, 1);
    } else this.#counts[at] = left;
    this.#count += times;
  }

  merge(other: Sketch): void {
    for (const [at, key] of other.#keys.entries()) this.addKey(key, other.#counts[at] ?? 0);
  }

  /** The inverse of `merge`: for what was merged before. */
  subtract(other: Sketch): void {
    for (const [at, key] of other.#keys.entries()) this.addKey(key, -(other.#counts[at] ?? 0));
  }

  /** `q` is 0 to 1; undefined when there is nothing. */
  quantile(q: number): number | undefined {
    const rank = Math.min(Math.max(q, 0), 1) * (this.#count - 1);
    let passed = 0;
    let at = 0;
    for (; at < this.#counts.length; at += 1) {
      passed += this.#counts[at] ?? 0;
      if (passed > rank) break;
    }
    const key = this.#keys[at];
    return key === undefined ? undefined : middleOf(key);
  }

  encode(): EvidenceSketch {
    const bins = this.#keys.map((key, at): [number, number] => [binOf(key), this.#counts[at] ?? 0]);
    return { accuracy, zeros: this.zeros, bins: this.zeros > 0 ? bins.slice(1) : bins };
  }

  static fromEncoded(encoded: EvidenceSketch): Sketch {
    if (encoded.accuracy !== accuracy)
      throw new RangeError(`a sketch of accuracy ${encoded.accuracy} does not fit one of ${accuracy}`);
    const sketch = new Sketch();
    if (encoded.zeros > 0) sketch.addKey(zeroKey, encoded.zeros);
    for (const [bin, count] of encoded.bins) if (count > 0) sketch.addKey(keyOfBin(bin), count);
    return sketch;
  }

  /** The first place whose key is not less. */
  #placeOf(key: number): number {
    const keys = this.#keys;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Chance that repeats itself: the same seed draws the same numbers, on every machine. */
export interface Random {
  /** From 0 up to, not with, 1. */
  float(): number;
  between(from: number, to: number): number;
  /** From 0 up to, not with, `count`. */
  int(count: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** One of several, each as often as its weight says. */
  weighted<T>(list: readonly [T, ...T[]], weight: (entry: T) => number): T;
  /** What latencies look like: half of the draws below the median, a long tail above. */
  logNormal(median: number, sigma: number): number;
  poisson(mean: number): number;
  hex(digits: number): string;
}

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** FNV-1a; spreads short texts that differ in one letter. */
function hash(text: string, basis: number): number {
  let value = basis;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The sfc32 generator, seeded with a text. */
function generator(seed: string): () => number {
  let a = hash(seed, 0x811c9dc5);
  let b = hash(seed, 0x9e3779b9);
  let c = hash(seed, 0x85ebca6b);
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // The first draws still show the likeness of similar seeds.
  for (let i = 0; i < 12; i++) next();
  return next;
}

export function createRandom(seed: string): Random {
  const next = generator(seed);
  const float = () => next() / 0x1_0000_0000;
  const int = (count: number) => Math.floor(float() * count);

  const normal = () => {
    const radius = Math.sqrt(-2 * Math.log(1 - float()));
    return radius * Math.cos(2 * Math.PI * float());
  };

  return {
    float,
    int,
    between: (from, to) => from + (to - from) * float(),
    chance: (probability) => float() < probability,
    pick: (list) => list[int(list.length)] ?? list[0],
    weighted(list, weight) {
      let left = float() * list.reduce((sum, entry) => sum + weight(entry), 0);
      for (const entry of list) {
        left -= weight(entry);
        if (left < 0) return entry;
      }
      return list[0];
    },
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    poisson(mean) {
      // Knuth's product of uniforms; the means here are a few dozen at most.
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = float(); product > limit; product *= float()) count += 1;
      return count;
    },
    hex(digits) {
      let text = '';
      let left = 0;
      for (let drawn = 0; text.length < digits; drawn >>>= 8, left -= 1) {
        if (left === 0) {
          drawn = next();
          left = 4;
        }
        text += hexPairs[drawn & 0xff];
      }
      return text.length === digits ? text : text.slice(0, digits);
    },
  };
}

/** A UUID in the form of version 7: sorted by time, the rest drawn. */
export function drawUuid(random: Random, time: number): string {
  const stamp = Math.floor(time).toString(16).padStart(12, '0');
  const variant = (8 + random.int(4)).toString(16);
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${random.hex(3)}-${variant}${random.hex(3)}-${random.hex(12)}`;
}

import type { Envelope } from './events/envelope.ts';

/** What must stay in order among itself: the events of one service of a project. */
export const laneKey = ({ project, service }: Pick<Envelope, 'project' | 'service'>): string =>
  `${project}\u0000${service}`;

/** The same for every process and every version of it: lanes hold what was put there long ago. */
export const laneOf = (event: Pick<Envelope, 'project' | 'service'>, lanes: number): number =>
  lanes === 1 ? 0 : (murmur2(new TextEncoder().encode(laneKey(event))) & 0x7fffffff) % lanes;

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/** Murmur2 as Kafka's own clients partition by, so that another producer with the same keys meets the same lanes. */
export function murmur2(bytes: Uint8Array): number {
  let hash = seed ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const word =
      byte(bytes, at) |
      (byte(bytes, at + 1) << 8) |
      (byte(bytes, at + 2) << 16) |
      (byte(bytes, at + 3) << 24);
    let mixed = Math.imul(word, multiplier);
    mixed ^= mixed >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed, multiplier);
  }
  const left = bytes.length - whole;
  if (left >= 3) hash ^= byte(bytes, whole + 2) << 16;
  if (left >= 2) hash ^= byte(bytes, whole + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byte(bytes, whole), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return (hash ^ (hash >>> 15)) | 0;
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

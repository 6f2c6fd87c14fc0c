/** UUIDs as text in lower case with dashes, or as 16 bytes. */

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);
const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const undashed = /^[0-9a-f]{32}$/;

export const isUuid = (text: string): boolean => canonical.test(text);

/** Takes upper case, no dashes and the `urn:uuid:` form; undefined for what is no UUID. */
export function normaliseUuid(text: string): string | undefined {
  if (canonical.test(text)) return text;
  const lower = text.toLowerCase();
  const bare = lower.startsWith('urn:uuid:') ? lower.slice(9) : lower;
  if (canonical.test(bare)) return bare;
  return undashed.test(bare) ? dashed(bare) : undefined;
}

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/** Writes the 16 bytes of a canonical UUID. */
export function writeUuid(uuid: string, target: Uint8Array, offset = 0): void {
  let at = 0;
  for (let index = 0; index < 16; index += 1) {
    if (at === 8 || at === 13 || at === 18 || at === 23) at += 1;
    target[offset + index] = (hexValue(uuid.charCodeAt(at)) << 4) | hexValue(uuid.charCodeAt(at + 1));
    at += 2;
  }
}

/** '0'–'9' are 0x30 up, 'a'–'f' 0x61 up; both hold their value in the low four bits, letters less 9. */
const hexValue = (code: number): number => (code & 0xf) + (code > 0x39 ? 9 : 0);

export function uuidToBytes(uuid: string): Uint8Array {
  const bytes = new Uint8Array(16);
  writeUuid(uuid, bytes);
  return bytes;
}

export function uuidFromBytes(bytes: Uint8Array, offset = 0): string {
  let text = '';
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += hexPairs[bytes[offset + index] ?? 0];
  }
  return text;
}

/** The milliseconds in a version 7 UUID, undefined for other versions. */
export const uuidTime = (uuid: string): number | undefined =>
  uuid[14] === '7' ? Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16) : undefined;

const lowBits = 14;
const lowSize = 1 << lowBits;
const highSize = 1 << 12;

/**
 * Version 7 with a dedicated counter (RFC 9562, 6.2, method 1): 48 bits of milliseconds, 26 of a counter that
 * starts anew each millisecond, and 48 random bits drawn once per factory. Neighbours differ in few bits, which
 * is what makes them small in a compressed column; two processes differ in the random part.
 */
export function createUuidV7Factory(deps: {
  now: () => number;
  randomBytes: (count: number) => Uint8Array;
}): () => string {
  const random = deps.randomBytes(6);
  const node = `-${Array.from({ length: 6 }, (_, index) => hexPairs[random[index] ?? 0]).join('')}`;
  let at = -1;
  let low = 0;
  let high = 0;
  let prefix = '';
  const tick = (now: number): void => {
    // A clock that stands still or goes back keeps the old time and counts on; a full counter borrows from it.
    if (now > at) {
      at = now;
      low = 0;
      high = 0;
    } else {
      low += 1;
      if (low === lowSize) {
        low = 0;
        high += 1;
      }
      if (high === highSize) {
        high = 0;
        at += 1;
      }
    }
    // All but the last byte of the counter stays the same for 256 ids.
    if ((low & 0xff) === 0) prefix = prefixOf(at, high, low);
  };
  return () => {
    tick(Math.floor(deps.now()));
    return prefix + hexPairs[low & 0xff] + node;
  };
}

function prefixOf(at: number, high: number, low: number): string {
  const time = at.toString(16).padStart(12, '0');
  const version = `7${high.toString(16).padStart(3, '0')}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${hexPairs[0x80 | (low >> 8)]}`;
}

/** Identifiers are hexadecimal text; as bytes they take half the room. */
export type HexForm = 'uuid' | 'hex32' | 'hex16';

export const bytesOf: Readonly<Record<HexForm, number>> = { uuid: 16, hex32: 16, hex16: 8 };

const NOT_HEX = 0xff;
const nibbleOf = new Uint8Array(256).fill(NOT_HEX);
for (const [value, digit] of [...'0123456789abcdef'].entries()) nibbleOf[digit.charCodeAt(0)] = value;

const highDigit = new Uint8Array(256);
const lowDigit = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const text = byte.toString(16).padStart(2, '0');
  highDigit[byte] = text.charCodeAt(0);
  lowDigit[byte] = text.charCodeAt(1);
}

const DASH = 45;
const isDashAt = (at: number): boolean => at === 8 || at === 13 || at === 18 || at === 23;

/** The form that a text has exactly (lower case, canonical dashes), so that it can be given back unchanged. */
export function formOf(text: string): HexForm | undefined {
  const form =
    text.length === 36 ? 'uuid' : text.length === 32 ? 'hex32' : text.length === 16 ? 'hex16' : undefined;
  return form !== undefined && pack(form, text, scratch, 0) ? form : undefined;
}

const scratch = new Uint8Array(16);

/** Writes the bytes of `text` at `at`; false, with nothing promised of the bytes, when the text has another form. */
export function pack(form: HexForm, text: string, into: Uint8Array, at: number): boolean {
  const dashed = form === 'uuid';
  if (text.length !== (dashed ? 36 : bytesOf[form] * 2)) return false;
  let out = at;
  let bad = 0;
  for (let i = 0; i < text.length; i += 2) {
    if (dashed && isDashAt(i)) {
      if (text.charCodeAt(i) !== DASH) return false;
      i++;
    }
    const first = text.charCodeAt(i);
    const second = text.charCodeAt(i + 1);
    const high = nibbleOf[first & 0xff] as number;
    const low = nibbleOf[second & 0xff] as number;
    bad |= high | low | ((first | second) & 0xff00);
    into[out++] = (high << 4) | low;
  }
  return bad < 16;
}

/** Every value of a column at once: one long text is made and cut, which is far cheaper than one text each. */
export function unpackAll(form: HexForm, bytes: Uint8Array, count: number): string[] {
  const width = bytesOf[form];
  const dashed = form === 'uuid';
  const digits = dashed ? 36 : width * 2;
  const ascii = Buffer.allocUnsafe(count * digits);
  let out = 0;
  for (let i = 0; i < count * width; i++) {
    const byte = bytes[i] as number;
    const within = i & (width - 1);
    if (dashed && (within === 4 || within === 6 || within === 8 || within === 10)) ascii[out++] = DASH;
    ascii[out++] = highDigit[byte] as number;
    ascii[out++] = lowDigit[byte] as number;
  }
  const text = ascii.toString('latin1', 0, out);
  return Array.from({ length: count }, (_, i) => text.substring(i * digits, (i + 1) * digits));
}

/** 16 bytes of each id, which have been found to be UUIDs when they were appended. */
export function packIds(events: readonly { id: string }[]): Uint8Array {
  const ids = new Uint8Array(events.length * 16);
  for (const [i, { id }] of events.entries()) pack('uuid', id, ids, i * 16);
  return ids;
}

/**
 * 64 bits in two lanes of 32, so that plain number arithmetic serves; sixteen hexadecimal digits. Not for secrets:
 * it only has to be the same everywhere and to spread.
 */
export function hash64(text: string): string {
  let a = 0x243f6a88 ^ text.length;
  let b = 0x85a308d3;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x2c1b3c6d);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b + code, 0x297a2d39) ^ (b >>> 15);
  }
  const first = spread(a ^ Math.imul(b, 0x9e3779b1));
  const second = spread(b ^ first);
  return hex(first) + hex(second);
}

function spread(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');

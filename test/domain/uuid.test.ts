import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createUuidV7Factory,
  isUuid,
  normaliseUuid,
  uuidFromBytes,
  uuidTime,
  uuidToBytes,
  writeUuid,
} from '../../src/domain/uuid.ts';

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const zeros = (count: number): Uint8Array => new Uint8Array(count);

describe('text and bytes', () => {
  test('go into each other and back', () => {
    fc.assert(
      fc.property(bytes16, (bytes) => {
        const text = uuidFromBytes(bytes);
        expect(isUuid(text)).toBe(true);
        expect(uuidToBytes(text)).toEqual(bytes);
      }),
    );
  });

  test('can be written into the middle of a buffer, touching nothing else', () => {
    const target = new Uint8Array(20).fill(0xee);
    writeUuid('00112233-4455-6677-8899-aabbccddeeff', target, 2);
    expect(Buffer.from(target).toString('hex')).toBe('eeee00112233445566778899aabbccddeeffeeee');
    expect(uuidFromBytes(target, 2)).toBe('00112233-4455-6677-8899-aabbccddeeff');
  });

  test.each([
    ['00112233-4455-6677-8899-AABBCCDDEEFF', '00112233-4455-6677-8899-aabbccddeeff'],
    ['00112233445566778899aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
    ['urn:uuid:00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
  ])('%s is taken', (given, expected) => {
    expect(normaliseUuid(given)).toBe(expected);
  });

  test.each([
    '',
    'x',
    '00112233-4455-6677-8899-aabbccddeef',
    '00112233-4455-6677-8899-aabbccddeefg',
    '00112233-44556677-8899-aabbccddeeff-',
    ' 00112233-4455-6677-8899-aabbccddeeff',
    '00112233-4455-6677-8899-aabbccddeeff\n',
  ])('%j is refused', (given) => {
    expect(normaliseUuid(given)).toBeUndefined();
  });
});

describe('version 7', () => {
  test('carries the time, the version and the variant', () => {
    const next = createUuidV7Factory({ now: () => 1_700_000_000_123.9, randomBytes: zeros });
    const id = next();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidTime(id)).toBe(1_700_000_000_123);
    expect(uuidTime('00112233-4455-4677-8899-aabbccddeeff')).toBeUndefined();
  });

  test('always grows, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 42 }), { minLength: 2 }), (times) => {
        let call = 0;
        const next = createUuidV7Factory({ now: () => times[call++] ?? 0, randomBytes: zeros });
        const ids = times.map(() => next());
        expect(ids).toEqual([...new Set(ids)].sort());
      }),
    );
  });

  test('carries over from the low part of the counter into the high one', () => {
    const next = createUuidV7Factory({ now: () => 5, randomBytes: zeros });
    const ids = Array.from({ length: 16_386 }, () => next());
    expect(ids[16_383]).toBe('00000000-0005-7000-bfff-000000000000');
    expect(ids[16_384]).toBe('00000000-0005-7001-8000-000000000000');
    expect(ids[16_385]).toBe('00000000-0005-7001-8001-000000000000');
  });

  test('two processes differ in 48 random bits and in nothing else', () => {
    const now = (): number => 9;
    const one = createUuidV7Factory({ now, randomBytes: (n) => new Uint8Array(n).fill(0x11) })();
    const other = createUuidV7Factory({ now, randomBytes: (n) => new Uint8Array(n).fill(0x22) })();
    expect(one.slice(0, 24)).toBe(other.slice(0, 24));
    expect([one.slice(24), other.slice(24)]).toEqual(['111111111111', '222222222222']);
  });
});

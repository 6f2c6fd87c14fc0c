import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeExamples } from '../../src/domain/native/examples.ts';
import { type Door, openDoor, send } from '../support/ingest.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
let door: Door;
beforeAll(async () => {
  door = await openDoor({ bodyLimits: { maxBodyBytes: 256 * 1024, maxUnpackedBytes: 1024 * 1024 } });
});
afterAll(() => door.close());

const natives = Object.values(nativeExamples);
const cloudEvents = natives.map((native, i) => ({
  specversion: '1.0',
  id: `e${i}`,
  source: '/fuzz',
  type: i % 2 === 0 ? native.type : 'com.example.other',
  data: native,
}));
const zstd = Buffer.from('KLUv/SAf+QAAeyJ0eXBlIjoibG9nIiwibWVzc2FnZSI6InpzdGQifQ==', 'base64');
const json = Buffer.from(JSON.stringify(natives));

const seeds: readonly { headers: Record<string, string>; body: Buffer }[] = [
  { headers: { 'content-type': 'application/json' }, body: json },
  {
    headers: { 'content-type': 'application/x-ndjson' },
    body: Buffer.from(natives.map((native) => JSON.stringify(native)).join('\n')),
  },
  {
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: Buffer.from(JSON.stringify(cloudEvents)),
  },
  {
    headers: { 'content-type': 'application/cloudevents+json' },
    body: Buffer.from(JSON.stringify(cloudEvents[0])),
  },
  { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: gzipSync(json) },
  { headers: { 'content-type': 'application/json', 'content-encoding': 'deflate' }, body: deflateSync(json) },
  {
    headers: { 'content-type': 'application/json', 'content-encoding': 'br' },
    body: brotliCompressSync(json),
  },
  { headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' }, body: zstd },
];

interface Edit {
  at: number;
  cut: number;
  put: Uint8Array;
}
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({ at: fc.nat(), cut: fc.nat({ max: 8 }), put: fc.uint8Array({ maxLength: 8 }) }),
  { minLength: 1, maxLength: 6 },
);

const edited = (body: Buffer, changes: readonly Edit[]): Buffer =>
  changes.reduce((bytes, { at, cut, put }) => {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
  }, body);

async function isRefusedOrTaken(body: Uint8Array, headers: Record<string, string>): Promise<void> {
  const { status, body: answer } = await send(door, body, headers);
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  if (status !== 200) expect(answer.error?.code).toMatch(/^CHR_/);
}

describe('whatever arrives is taken or refused, and never breaks the engine', () => {
  it('changed bytes in bodies of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...seeds), edits, (seed, changes) =>
        isRefusedOrTaken(edited(seed.body, changes), seed.headers),
      ),
      { numRuns: runs * 3 },
    );
  });

  it('any bytes under any header', async () => {
    const headers = fc.record({
      'content-type': fc.constantFrom(
        'application/json',
        'application/x-ndjson',
        'application/cloudevents+json',
        'text/plain',
        'x',
        'application/json; charset=latin1',
      ),
      'content-encoding': fc.constantFrom(
        '',
        'identity',
        'gzip',
        'deflate',
        'br',
        'zstd',
        'gzip, br',
        'constructor',
      ),
    });
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), headers, isRefusedOrTaken), {
      numRuns: runs,
    });
  });

  it('any header of a CloudEvent in binary mode', async () => {
    const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => text.trim());
    const headers = fc.dictionary(
      fc.constantFrom(
        'ce-id',
        'ce-source',
        'ce-type',
        'ce-time',
        'ce-subject',
        'ce-traceparent',
        'ce-ext',
        'ce-data',
        'ce-__proto__',
      ),
      fc.oneof(printable, fc.constantFrom('request', '%ff', '%F0%9F%94%A5', '2026-01-31T12:00:00Z')),
    );
    await fc.assert(
      fc.asyncProperty(headers, fc.uint8Array({ maxLength: 50 }), (more, body) =>
        isRefusedOrTaken(body, {
          'ce-specversion': '1.0',
          'content-type': 'application/octet-stream',
          ...more,
        }),
      ),
      { numRuns: runs },
    );
  });

  it('a zstd block that would make its decoder spin', async () => {
    // Sequences of the longest match, as many as a block can name, all from tables of one symbol: bytes of input for hours of copying.
    const block = Buffer.from([0x00, 0xff, 0xff, 0xff, 0b01010100, 35, 0, 52, 0x01]);
    const head = (block.length << 3) | 0b101;
    const frame = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0x00, 0x00, 0x02, 0x00]),
      Buffer.from([head & 255, head >> 8, 0]),
      block,
    ]);
    await isRefusedOrTaken(frame, { 'content-type': 'application/json', 'content-encoding': 'zstd' });
  });

  it('and what it stored is whole', async () => {
    const ids = (await door.stored()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await send(door, JSON.stringify(natives[2]))).status).toBe(200);
  });
});

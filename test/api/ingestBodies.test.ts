import { execFileSync, spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findJsonFault } from '../../src/domain/jsonFault.ts';
import { readBytes } from '../support/bodies.ts';
import { type Door, openDoor, send } from '../support/ingest.ts';

const bodyLimits = { maxBodyBytes: 64 * 1024, maxUnpackedBytes: 256 * 1024 };
let door: Door;
beforeAll(async () => {
  door = await openDoor({ bodyLimits });
});
afterAll(() => door.close());

const ndjson = { 'content-type': 'application/x-ndjson' };
const log = (message: string) => JSON.stringify({ type: 'log', message });
const batch = Buffer.from(`[${Array.from({ length: 500 }, (_, i) => log(`message ${i}`)).join()}]`);

/** Frames as the reference program writes them, kept as text for machines that do not have it. */
const zstdFrames = {
  // One event, its size in the header.
  sized: 'KLUv/SAf+QAAeyJ0eXBlIjoibG9nIiwibWVzc2FnZSI6InpzdGQifQ==',
};
const hasZstd = spawnSync('zstd', ['--version']).status === 0;

describe('NDJSON', () => {
  it('takes one event a line, whatever ends the lines', async () => {
    const { body } = await send(door, `\ufeff${log('a')}\r\n\r\n  \n${log('b')}\n\t\n${log('c')}`, ndjson);
    expect(body).toMatchObject({ accepted: 3, rejected: [] });
  });

  it('refuses a bad line alone, by its place among the lines that are not blank', async () => {
    const { body } = await send(door, `${log('a')}\n\n{"type":"log"\n${log('b')}\nnull\n`, ndjson);
    expect(body).toMatchObject({
      accepted: 2,
      rejected: [
        {
          index: 1,
          code: 'CHR_INVALID_JSON',
          message: expect.stringContaining('at position 13 (column 14)'),
        },
        { index: 3, code: 'CHR_INVALID_EVENT' },
      ],
    });
  });

  it('says that the lines were no JSON when none was', async () => {
    const { status, body } = await send(door, 'a\nb', ndjson);
    expect({ status, code: body.error?.code }).toEqual({ status: 400, code: 'CHR_INVALID_JSON' });
    expect((await send(door, '\n\n', ndjson)).body.error?.code).toBe('CHR_INVALID_REQUEST');
  });
});

describe('a packed body', () => {
  it.each([
    ['gzip', gzipSync(batch)],
    ['x-gzip', gzipSync(batch)],
    ['GZIP', gzipSync(batch)],
    ['deflate', deflateSync(batch)],
    ['deflate', deflateRawSync(batch)],
    ['br', brotliCompressSync(batch)],
    ['identity', batch],
  ])('is taken as %s', async (encoding, body) => {
    const answer = await send(door, body, { 'content-encoding': encoding });
    expect(answer.body).toMatchObject({ accepted: 500, rejected: [] });
  });

  it('is taken as zstd', async () => {
    const answer = await send(door, Buffer.from(zstdFrames.sized, 'base64'), { 'content-encoding': 'zstd' });
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1 } });
  });

  it.runIf(hasZstd).each([[['-1']], [['-3', '--no-check']], [['-19']], [['--fast=5']]])(
    'is taken from the zstd program with %j, with and without its size in the header',
    async (level) => {
      const streamed = execFileSync('zstd', [...level, '-c'], { input: batch });
      const sized = execFileSync('zstd', [...level, `--stream-size=${batch.length}`, '-c'], { input: batch });
      const two = Buffer.concat([sized, Buffer.from('502a4d1803000000aabbcc', 'hex'), streamed]);
      const headers = { 'content-encoding': 'zstd' };
      expect(await readBytes(streamed, headers)).toEqual(batch);
      expect(await readBytes(sized, headers)).toEqual(batch);
      expect(await readBytes(two, headers)).toEqual(Buffer.concat([batch, batch]));
    },
  );

  it.each(['gzip', 'deflate', 'br', 'zstd'])('that is no %s is refused as such', async (encoding) => {
    for (const bytes of ['', 'x', 'this is certainly nothing packed, but long enough']) {
      const { status, body } = await send(door, Buffer.from(bytes), { 'content-encoding': encoding });
      expect({ status, code: body.error?.code }).toEqual({ status: 400, code: 'CHR_BAD_ENCODING' });
    }
  });

  it.each([
    ['gzip', gzipSync(batch)],
    ['deflate', deflateSync(batch)],
    ['br', brotliCompressSync(batch)],
    ['zstd', Buffer.from(zstdFrames.sized, 'base64')],
  ])('of %s that breaks off anywhere is refused', async (encoding, packed) => {
    for (let end = 0; end < packed.length; end += Math.ceil(packed.length / 20)) {
      const read = readBytes(packed.subarray(0, end), { 'content-encoding': encoding });
      await expect(read, `${end} of ${packed.length} bytes`).rejects.toMatchObject({
        code: 'CHR_BAD_ENCODING',
      });
    }
  });

  it('in an encoding that nobody knows is refused by name', async () => {
    const { status, body } = await send(door, batch, { 'content-encoding': 'lzma' });
    expect(status).toBe(415);
    expect(body.error?.message).toContain('gzip, zstd, br, deflate, identity');
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(40 << 20, ' '))],
    ['deflate', deflateSync(Buffer.alloc(40 << 20, ' '))],
    ['br', brotliCompressSync(Buffer.alloc(40 << 20, ' '))],
    // A frame that says it holds 40 MB, and one that says nothing and repeats a byte 128 KiB at a time.
    ['zstd', Buffer.from('28b52ffda00000800203001020', 'hex')],
    [
      'zstd',
      Buffer.concat([
        Buffer.from('28b52ffd0058', 'hex'),
        Buffer.from(`${'02001020'.repeat(320)}03001020`, 'hex'),
      ]),
    ],
  ])('of %s that grows beyond the limit is cut off without being held in memory', async (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(bodyLimits.maxBodyBytes);
    const { status, body } = await send(door, bomb, { 'content-encoding': encoding });
    expect({ status, code: body.error?.code }).toEqual({ status: 413, code: 'CHR_BODY_TOO_LARGE' });
    expect(body.error?.message).toContain('262144 bytes when unpacked');
  });
});

describe('a body', () => {
  const raw = (headers: Record<string, string | number>, chunks: (Buffer | string)[], end = true) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(door.address);
      const sent = request({
        hostname,
        port,
        path: '/v1/events',
        method: 'POST',
        headers: { authorization: 'Bearer ingest-shop', 'content-type': 'application/json', ...headers },
      });
      sent.on('error', reject);
      sent.on('response', async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode, text });
      });
      for (const chunk of chunks) sent.write(chunk);
      if (end) sent.end();
    });

  it('over the limit is refused by its announced length, before it comes', async () => {
    const answer = await raw({ 'content-length': bodyLimits.maxBodyBytes + 1 }, ['['], false);
    expect(answer.status).toBe(413);
  });

  it('over the limit is refused as it comes when no length was announced', async () => {
    const chunks = Array.from({ length: 80 }, () => Buffer.alloc(1024, ' '));
    expect((await raw({}, chunks)).status).toBe(413);
  });

  it('may come in pieces', async () => {
    const pieces = [...log('häppchen 🔥')].map((char) => Buffer.from(char));
    const answer = await raw({}, pieces);
    expect(answer.status).toBe(200);
    const stored = await door.stored();
    expect(stored.at(-1)?.data).toMatchObject({ message: 'häppchen 🔥' });
  });

  it('that breaks off leaves nothing behind', async () => {
    const before = (await door.stored()).length;
    const { hostname, port } = new URL(door.address);
    await new Promise<void>((resolve) => {
      const sent = request({
        hostname,
        port,
        path: '/v1/events',
        method: 'POST',
        headers: {
          authorization: 'Bearer ingest-shop',
          'content-type': 'application/json',
          'content-length': 500,
        },
      });
      sent.on('error', () => undefined);
      sent.on('close', resolve);
      sent.write(log('half'), () => sent.destroy());
    });
    await expect.poll(() => door.ingest.stats().pendingBytes).toBe(0);
    expect(await door.stored()).toHaveLength(before);
  });

  it('may start with a byte order mark and name its charset', async () => {
    const type = { 'content-type': 'application/json; charset="UTF-8"' };
    expect((await send(door, `\ufeff${log('bom')}`, type)).status).toBe(200);
    const other = await send(door, log('x'), { 'content-type': 'application/json; charset=utf-16' });
    expect(other.status).toBe(415);
  });

  it('is safe however deep it is nested', async () => {
    for (const text of [
      '['.repeat(60_000),
      `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
      '{"a":'.repeat(12_000),
    ])
      expect((await send(door, text)).status).toBe(400);
  });
});

describe('the place of a fault in JSON', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.nat({ max: 3 }), fc.string({ maxLength: 3 }))
    .map(([text, at, cut, put]) => {
      const place = text.length === 0 ? 0 : at % text.length;
      return text.slice(0, place) + put + text.slice(place + cut);
    });

  it('is found exactly when the parser finds one', () => {
    fc.assert(
      fc.property(fc.oneof(broken, fc.json(), fc.string()), (text) => {
        expect(findJsonFault(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is where the parser says, when it says', () => {
    fc.assert(
      fc.property(broken, (text) => {
        try {
          JSON.parse(text);
        } catch (error) {
          const said = / at position (\d+)/.exec(String(error))?.[1];
          if (said === undefined) return;
          // In the middle of a number or an escape the parser names a character in it, we name its start.
          const position = findJsonFault(text)?.position ?? -1;
          expect(text.slice(position, Number(said))).toMatch(/^[^\s,:"{}[\]]*$/);
          expect(position).toBeLessThanOrEqual(Number(said));
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

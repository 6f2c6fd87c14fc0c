import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { families, type Target } from './attacks.ts';
import { canary, otherSecret } from './fixture.ts';
import { legitimate } from './legitimate.ts';
import { keys, type Serving, serving } from './serving.ts';

let server: Serving;
let target: Target;
beforeAll(async () => {
  server = await serving({ limits: { seconds: 1 } });
  target = { file: server.store.canaryFile, folder: join(server.store.folder, 'untouched'), port: 1 };
  await mkdir(target.folder);
});
afterAll(() => server.close());

const headers = { 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': keys.a };

async function isHarmless(path: string, init: RequestInit): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', ...init });
  const text = await answer.text();
  expect(answer.status, text).toBeLessThan(500);
  expect(text).not.toContain(canary);
  expect(text).not.toContain(otherSecret);
  expect(text).not.toContain('secret-of-the-store');
}

test('random bytes are refused, never a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(
        '',
        'decompress=1',
        'compress=1',
        'default_format=Native&client_protocol_version=54460',
      ),
      fc.constantFrom('', 'gzip', 'zstd', 'br', 'lz4', 'deflate'),
      async (body, query, encoding) => {
        const extra = encoding === '' ? {} : { 'Content-Encoding': encoding };
        await isHarmless(`/?${query}`, { body: Buffer.from(body), headers: { ...headers, ...extra } });
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);

test('random parameters are refused, never a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.constantFrom(
            'query',
            'database',
            'default_format',
            'param_x',
            'max_threads',
            'extremes',
            'limit',
            'session_timezone',
            'readonly',
            'compress',
            'query_id',
            'date_time_output_format',
            'format_csv_delimiter',
          ),
          fc.string({ unit: 'binary', maxLength: 20 }),
        ),
        { maxLength: 4 },
      ),
      async (pairs) => {
        const query = new URLSearchParams(pairs);
        await isHarmless(`/?${query}`, { body: '', headers: { ...headers, 'Content-Type': 'text/plain' } });
        await isHarmless(`/?${query}`, { body: 'SELECT {x:String}', headers });
      },
    ),
    { numRuns: 100 },
  );
}, 120_000);

/** Words and signs with which statements are cut and joined. */
const words = /[A-Za-z_][A-Za-z0-9_]*|'[^']*'|`[^`]*`|"[^"]*"|\d+|\s+|./gs;
const cut = (sql: string): string[] => sql.match(words) ?? [];

test('statements cut, joined and mutated never leak and never break', async () => {
  const attacks = Object.values(families).flatMap((make) => make(target));
  const corpus = [...attacks, ...attacks, ...legitimate].filter((sql) => sql.length < 400).map(cut);
  const piece = fc.tuple(fc.constantFrom(...corpus), fc.nat(), fc.nat()).map(([list, a, b]) => {
    const [from = 0, to = 0] = [a % (list.length + 1), b % (list.length + 1)].sort((x, y) => x - y);
    return list.slice(from, to).join('');
  });
  const glue = fc.constantFrom(
    ' ',
    '',
    '(',
    ')',
    ',',
    ';',
    '\n',
    '--',
    '/*',
    '*/',
    ' FROM ',
    ' UNION ALL ',
    "'",
    '`',
    '\\',
    ' AS ',
    '.',
    ' IN ',
    ' -> ',
    '{x:Identifier}',
    ' FORMAT ',
    ' SETTINGS ',
    '\u00a0',
    '\u200b',
  );
  const mutated = fc
    .tuple(fc.constantFrom(...corpus), fc.array(fc.tuple(fc.nat(), fc.oneof(piece, glue)), { maxLength: 3 }))
    .map(([list, changes]) => {
      const copy = [...list];
      for (const [at, text] of changes) copy.splice(at % (copy.length + 1), at % 2, text);
      return copy.join('');
    });
  const joined = fc
    .array(fc.tuple(piece, glue), { minLength: 1, maxLength: 4 })
    .map((list) => list.flat().join(''));
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, joined), async (sql) => {
      await isHarmless(`/?param_x=${encodeURIComponent(target.file)}`, { body: sql, headers });
    }),
    { numRuns: 700 },
  );
  expect(await readdir(target.folder)).toEqual([]);
}, 240_000);

import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeBlocks, encodeBlock } from '../../../src/api/sql/wire/blocks.ts';
import { keys, type Serving, serving } from './serving.ts';

let server: Serving;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

interface Raw {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** `fetch` would undo the encodings. */
function raw(
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: Uint8Array | string } = {},
) {
  return new Promise<Raw>((resolve, reject) => {
    const call = request(
      `${server.url}${path}`,
      {
        method: init.method ?? 'POST',
        headers: { 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': keys.all, ...init.headers },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          }),
        );
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(init.body);
  });
}

describe('health', () => {
  test.each(['/ping', '/replicas_status', '/'])('GET %s needs no key', async (path) => {
    const answer = await fetch(`${server.url}${path}`);
    expect([answer.status, await answer.text()]).toEqual([200, 'Ok.\n']);
  });

  test('an unknown address is 404, an unknown method 405', async () => {
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    expect((await fetch(server.url, { method: 'DELETE' })).status).toBe(405);
  });
});

describe('a query', () => {
  test('comes in the address, in the body, or in both', async () => {
    const headers = { 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': keys.all };
    const inAddress = await fetch(`${server.url}/?query=${encodeURIComponent('SELECT 1 + 1')}`, { headers });
    expect(await inAddress.text()).toBe('2\n');
    expect((await server.ask('SELECT 1 + 1')).text).toBe('2\n');
    expect((await server.ask('+ 1', { query: 'query=SELECT%201' })).text).toBe('2\n');
  });

  test('carries the headers of a server', async () => {
    const { headers } = await server.ask('SELECT 1 AS x', {
      query: 'query_id=abc&default_format=JSONEachRow',
    });
    expect(headers.get('x-clickhouse-query-id')).toBe('abc');
    expect(headers.get('x-clickhouse-format')).toBe('JSONEachRow');
    expect(headers.get('x-clickhouse-timezone')).toMatch(/UTC$/);
    expect(headers.get('x-clickhouse-server-display-name')).toBe('chronoscope');
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=UTF-8');
    expect(headers.get('content-length')).toBe('8');
    expect(headers.get('ratelimit-remaining')).toBe('999');
    const summary: unknown = JSON.parse(headers.get('x-clickhouse-summary') ?? '');
    expect(summary).toMatchObject({
      result_rows: '1',
      written_rows: '0',
      elapsed_ns: expect.stringMatching(/^\d+$/),
    });
  });

  test('takes its format from the statement, the address or a header, in that order', async () => {
    const sql = 'SELECT 1 AS x';
    const header = { 'X-ClickHouse-Format': 'CSV' };
    expect((await server.ask(sql, { headers: header })).headers.get('x-clickhouse-format')).toBe('CSV');
    const address = await server.ask(sql, { query: 'default_format=tsv', headers: header });
    expect(address.headers.get('x-clickhouse-format')).toBe('TSV');
    const own = await server.ask(`${sql} FORMAT JSON`, { query: 'default_format=TSV', headers: header });
    expect(own.headers.get('x-clickhouse-format')).toBe('JSON');
    expect((await server.ask(sql)).headers.get('content-type')).toBe(
      'text/tab-separated-values; charset=UTF-8',
    );
  });

  test('HEAD has the headers and no body', async () => {
    const answer = await raw(`/?query=${encodeURIComponent('SELECT 1')}`, { method: 'HEAD' });
    expect([answer.status, answer.body.length, answer.headers['x-clickhouse-format']]).toEqual([
      200,
      0,
      'TabSeparated',
    ]);
  });

  test('many on one connection', async () => {
    for (let i = 0; i < 20; i++) expect((await server.ask(`SELECT ${i}`)).text).toBe(`${i}\n`);
  });

  test('in a database that it names', async () => {
    expect((await server.ask('SELECT count() FROM logs', { query: 'database=default' })).text).toBe('2\n');
    expect((await server.ask('SELECT count() > 0 FROM tables', { query: 'database=system' })).text).toBe(
      '1\n',
    );
    const named = await server.ask('SELECT count() FROM logs', {
      headers: { 'X-ClickHouse-Database': 'chronoscope' },
    });
    expect(named.text).toBe('2\n');
    const hidden = await server.ask('SELECT 1', { query: 'database=chronoscope_store' });
    expect([hidden.status, hidden.headers.get('x-clickhouse-exception-code')]).toEqual([404, '81']);
  });
});

describe('a key', () => {
  const basic = (user: string, key: string) => `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;
  const send = (headers: Record<string, string>, query = '') =>
    fetch(`${server.url}/?${query}`, { method: 'POST', body: 'SELECT 1', headers });

  test.each([
    ['Basic', { Authorization: basic('any:one', keys.all) }, '', 403],
    ['Basic', { Authorization: basic('anyone', keys.all) }, '', 200],
    ['Bearer', { Authorization: `Bearer ${keys.all}` }, '', 200],
    ['headers', { 'X-ClickHouse-User': 'x', 'X-ClickHouse-Key': keys.all }, '', 200],
    ['parameters', {}, `user=x&password=${keys.all}`, 200],
    ['two ways at once', { Authorization: basic('x', keys.all) }, `user=x&password=${keys.all}`, 403],
    ['none', {}, '', 401],
    ['an unknown scheme', { Authorization: 'Digest x' }, '', 403],
    ['a wrong key', { Authorization: 'Bearer no' }, '', 403],
    ['a key that may only send', { Authorization: `Bearer ${keys.ingest}` }, '', 403],
  ])('by %s (%#)', async (_way, headers, query, status) => {
    const answer = await send(headers as Record<string, string>, query);
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toContain('Basic');
    if (status !== 200)
      expect(await answer.text()).toMatch(/^Code: \d+\. DB::Exception: .+\. \([A-Z_]+\) \(version .+\)\n$/s);
  });
});

describe('compression', () => {
  const sql = 'SELECT number FROM numbers(5000)';
  const plain = Array.from({ length: 5000 }, (_, i) => `${i}\n`).join('');

  test.each([
    ['gzip', 'gzip, deflate', gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['br', 'br;q=0.9', brotliDecompressSync],
  ] as const)('%s, when it is switched on', async (encoding, accept, undo) => {
    const answer = await raw('/?enable_http_compression=1', {
      headers: { 'Accept-Encoding': accept },
      body: sql,
    });
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(undo(answer.body).toString()).toBe(plain);
  });

  test('none, when it is not', async () => {
    const answer = await raw('/', { headers: { 'Accept-Encoding': 'gzip' }, body: sql });
    expect([answer.headers['content-encoding'], answer.body.toString()]).toEqual([undefined, plain]);
  });

  test('blocks of ClickHouse, both ways', async () => {
    const body = encodeBlock(Buffer.from(sql));
    const answer = await raw('/?compress=1&decompress=1', { body });
    expect(answer.status).toBe(200);
    expect(answer.body.length).toBeLessThan(plain.length);
    expect(decodeBlocks(answer.body, 1 << 20).toString()).toBe(plain);
  });

  test('a gzipped request', async () => {
    const answer = await raw('/', { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(sql) });
    expect(answer.body.toString()).toBe(plain);
  });

  test.each([
    ['a damaged checksum', '/?decompress=1', {}, () => encodeBlock(Buffer.from(sql)).fill(0, 0, 4), 400],
    ['half a block', '/?decompress=1', {}, () => encodeBlock(Buffer.from(sql)).subarray(0, 30), 400],
    ['no gzip', '/', { 'Content-Encoding': 'gzip' }, () => Buffer.from(sql), 400],
    ['an unknown encoding', '/', { 'Content-Encoding': 'snappy' }, () => Buffer.from(sql), 415],
    ['a gzip bomb', '/', { 'Content-Encoding': 'gzip' }, () => gzipSync(Buffer.alloc(64 << 20, ' ')), 413],
    ['a body too long', '/', {}, () => Buffer.alloc(3 << 20, ' '), 413],
    ['no UTF-8', '/', {}, () => Buffer.from([0x53, 0xff, 0xfe]), 400],
  ] as const)('%s is refused', async (_what, path, headers, body, status) => {
    expect((await raw(path, { headers, body: body() })).status).toBe(status);
  });
});

describe('a form', () => {
  test('carries the query and its parameters', async () => {
    const form = new FormData();
    form.set('query', 'SELECT {a:String}, {b:Array(UInt8)}');
    form.set('param_a', 'long and\nwide'.replace('\n', '\\n'));
    const answer = await fetch(`${server.url}/?param_b=[1,2]`, {
      method: 'POST',
      body: form,
      headers: { 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': keys.all },
    });
    expect(await answer.text()).toBe('long and\\nwide\t[1,2]\n');
  });

  test('with an external table is refused', async () => {
    const form = new FormData();
    form.set('t', new Blob(['1\n']), 't.tsv');
    const answer = await fetch(`${server.url}/?query=SELECT%201`, {
      method: 'POST',
      body: form,
      headers: { 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': keys.all },
    });
    expect(answer.status).toBe(501);
  });
});

describe('parameters', () => {
  test('never outlive their query', async () => {
    expect((await server.ask('SELECT {x:String}', { query: 'param_x=mine' })).text).toBe('mine\n');
    expect((await server.ask('SELECT {x:String}')).headers.get('x-clickhouse-exception-code')).toBe('456');
  });

  test('are values, whatever they hold', async () => {
    for (const value of [
      "'; DROP TABLE logs; --",
      '1) OR (1=1',
      "\\\\' UNION SELECT 1",
      '{y:String}',
      '`x`',
      '🙂',
    ]) {
      const answer = await server.ask('SELECT {x:String} FORMAT TSVRaw', {
        query: `param_x=${encodeURIComponent(value)}`,
      });
      expect(answer.text).toBe(`${value.replaceAll('\\\\', '\\')}\n`);
    }
  });

  test("of a wrong kind are the client's fault", async () => {
    const answer = await server.ask('SELECT {x:UInt8}', { query: 'param_x=abc' });
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([400, '457']);
  });
});

const formats = `TabSeparated TabSeparatedRaw TabSeparatedWithNames TabSeparatedWithNamesAndTypes TSV CSV CSVWithNames
  CSVWithNamesAndTypes CustomSeparated Values Vertical JSON JSONStrings JSONColumns JSONColumnsWithMetadata JSONCompact
  JSONCompactStrings JSONCompactColumns JSONEachRow PrettyJSONEachRow JSONStringsEachRow JSONCompactEachRow
  JSONCompactEachRowWithNames JSONCompactEachRowWithNamesAndTypes JSONObjectEachRow BSONEachRow TSKV Pretty
  PrettyCompact PrettyCompactMonoBlock PrettySpace PrettyNoEscapes Parquet Arrow ArrowStream ORC Avro RowBinary
  RowBinaryWithNames RowBinaryWithNamesAndTypes Native Null XML LineAsString Markdown MsgPack SQLInsert RawBLOB Hash`;

describe('the format', () => {
  test.each(formats.split(/\s+/))('%s', async (format) => {
    const answer = await raw(`/?default_format=${format}`, {
      body: "SELECT number AS n, 'x' AS s FROM numbers(2)",
    });
    expect(answer.status, answer.body.toString()).toBe(200);
    expect(answer.headers['x-clickhouse-format']).toBe(format);
    if (format !== 'Null') expect(answer.body.length).toBeGreaterThan(0);
  });
});

describe('too much at once', () => {
  test('is refused with the code of a server, and the rest is answered', async () => {
    const small = await serving({
      beside: server,
      deps: { concurrency: { atWork: 1, waiting: 1, waitMs: 20_000 } },
    });
    const slow = () =>
      small.ask('SELECT count() FROM numbers(2e9) WHERE cityHash64(number) % 3 = 0', {
        query: 'max_execution_time=1',
      });
    const answers = await Promise.all([slow(), slow(), slow(), slow()]);
    const codes = answers.map((a) => a.headers.get('x-clickhouse-exception-code'));
    const refused = answers.find((a) => a.headers.get('x-clickhouse-exception-code') === '202');
    expect(codes.filter((code) => code === '202')).toHaveLength(2);
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await small.ask('SELECT 1')).text).toBe('1\n');
    await small.close();
  });

  test('a limit of requests is 429 with its headers', async () => {
    const headers = { 'Retry-After': '7', 'RateLimit-Limit': '1' };
    const limited = await serving({ beside: server, deps: { limit: () => ({ allowed: false, headers }) } });
    const answer = await limited.ask('SELECT 1');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    await limited.close();
  });

  test('a slow analyst does not hold up the engine for others', async () => {
    const slow = server.ask('SELECT count() FROM numbers(1e18)', { query: 'max_execution_time=2' });
    const session = server.store.session;
    for (let i = 0; i < 20; i++)
      expect((await session.queryAsync('SELECT 1', { format: 'CSV' })).text()).toBe('1\n');
    expect((await slow).status).toBe(408);
  });
});

test('a reader that goes away leaves nothing behind', async () => {
  const controller = new AbortController();
  const response = await fetch(
    `${server.url}/?query=${encodeURIComponent('SELECT * FROM numbers(900000)')}`,
    {
      signal: controller.signal,
      headers: { 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': keys.all },
    },
  );
  await response.body?.getReader().read();
  controller.abort();
  expect((await server.ask('SELECT 1')).text).toBe('1\n');
});

import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  createClient,
  TupleParam,
} from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keys, type Serving, serving } from './serving.ts';

/** The client would print each of the refusals that are wanted here. */
const log = { level: ClickHouseLogLevel.OFF };
let server: Serving;
let client: ClickHouseClient;

beforeAll(async () => {
  server = await serving();
  client = createClient({ url: server.url, username: 'anyone', password: keys.all, log });
});
afterAll(async () => {
  await client.close();
  await server.close();
});

const rows = 'SELECT number AS n, toString(number) AS s FROM numbers(3)';

describe('the official client for Node', () => {
  test('pings, with and without a query', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  const documents = [
    'JSON',
    'JSONCompact',
    'JSONStrings',
    'JSONCompactStrings',
    'JSONColumnsWithMetadata',
  ] as const;
  test.each(documents)('reads %s as one document', async (format) => {
    const answer = await (await client.query({ query: rows, format })).json<unknown>();
    expect(answer).toMatchObject({
      meta: [
        { name: 'n', type: 'UInt64' },
        { name: 's', type: 'String' },
      ],
      rows: 3,
    });
  });

  test('reads JSONObjectEachRow', async () => {
    const answer = await (await client.query({ query: rows, format: 'JSONObjectEachRow' })).json<unknown>();
    expect(Object.keys(answer)).toEqual(['row_1', 'row_2', 'row_3']);
  });

  const streamed = [
    'JSONEachRow',
    'JSONStringsEachRow',
    'JSONCompactEachRow',
    'JSONCompactEachRowWithNames',
    'JSONCompactEachRowWithNamesAndTypes',
    'JSONCompactStringsEachRow',
    'JSONCompactStringsEachRowWithNames',
    'JSONCompactStringsEachRowWithNamesAndTypes',
    'JSONEachRowWithProgress',
  ] as const;
  test.each(streamed)('streams %s row by row', async (format) => {
    const result = await client.query({ query: rows, format });
    let count = 0;
    for await (const part of result.stream())
      for (const row of part) count += row.json() === undefined ? 0 : 1;
    expect(count).toBeGreaterThanOrEqual(3);
  });

  const texts = [
    ['CSV', '0,"0"\n1,"1"\n2,"2"\n'],
    ['CSVWithNames', '"n","s"\n0,"0"\n1,"1"\n2,"2"\n'],
    ['CSVWithNamesAndTypes', '"n","s"\n"UInt64","String"\n0,"0"\n1,"1"\n2,"2"\n'],
    ['TabSeparated', '0\t0\n1\t1\n2\t2\n'],
    ['TabSeparatedRaw', '0\t0\n1\t1\n2\t2\n'],
    ['TabSeparatedWithNames', 'n\ts\n0\t0\n1\t1\n2\t2\n'],
    ['TabSeparatedWithNamesAndTypes', 'n\ts\nUInt64\tString\n0\t0\n1\t1\n2\t2\n'],
    ['CustomSeparated', '0\t0\n1\t1\n2\t2\n'],
    ['CustomSeparatedWithNames', 'n\ts\n0\t0\n1\t1\n2\t2\n'],
  ] as const;
  test.each(texts)('reads %s as text', async (format, expected) => {
    expect(await (await client.query({ query: rows, format })).text()).toBe(expected);
  });

  test('binds parameters of every common type', async () => {
    const result = await client.query({
      query: `SELECT {i:Int64} AS i, {f:Float64} AS f, {s:String} AS s, {a:Array(UInt32)} AS a, {t:Array(String)} AS t,
        {m:Map(String, UInt8)} AS m, {n:Nullable(String)} AS n, {d:DateTime64(3)} AS d, {b:Bool} AS b, {e:Tuple(Int8, String)} AS e`,
      query_params: {
        i: -5,
        f: 1.5,
        s: "it's\ta \\ line\nand 'more' /* not */ -- a comment; SELECT 1",
        a: [1, 2],
        t: ["o'neill", 'b\\c'],
        m: { k: 1 },
        n: null,
        d: new Date('2026-01-02T03:04:05.678Z'),
        b: true,
        e: new TupleParam([3, 'x']),
      },
      format: 'JSONEachRow',
    });
    const [row] = await result.json<Record<string, unknown>>();
    expect(row).toEqual({
      i: -5,
      f: 1.5,
      s: "it's\ta \\ line\nand 'more' /* not */ -- a comment; SELECT 1",
      a: [1, 2],
      t: ["o'neill", 'b\\c'],
      m: { k: 1 },
      n: null,
      d: '2026-01-02 03:04:05.678',
      b: true,
      e: [3, 'x'],
    });
  });

  test('filters views by parameters, LIMIT and IN included', async () => {
    const result = await client.query({
      query: `SELECT operation, count() AS c FROM requests WHERE user_id IN {users:Array(String)} AND time >= {from:DateTime}
        GROUP BY operation ORDER BY operation LIMIT {n:UInt8}`,
      query_params: { users: ['user-1', 'user-2'], from: new Date('2026-01-01T00:00:00Z'), n: 2 },
      format: 'JSONEachRow',
    });
    expect((await result.json<{ operation: string }>()).map((row) => row.operation)).toEqual(['help', 'pay']);
  });

  test('names a table by a parameter, but only one of the views', async () => {
    const count = (name: string) =>
      client.query({
        query: 'SELECT count() AS c FROM {t:Identifier}',
        query_params: { t: name },
        format: 'CSV',
      });
    expect(await (await count('logs')).text()).toBe('2\n');
    await expect(count('keys')).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    await expect(count('chronoscope_store.keys')).rejects.toMatchObject({
      type: expect.stringMatching(/^UNKNOWN_/),
    });
  });

  test('streams a large answer', async () => {
    const result = await client.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSONEachRow' });
    let sum = 0n;
    for await (const part of result.stream<{ number: string }>()) {
      for (const row of part) sum += BigInt(row.json().number);
    }
    expect(sum).toBe((299999n * 300000n) / 2n);
  });

  test('compresses both ways', async () => {
    const squeezed = createClient({
      url: server.url,
      username: 'x',
      password: keys.all,
      compression: { request: true, response: true },
    });
    const result = await squeezed.query({ query: 'SELECT number FROM numbers(100000)', format: 'CSV' });
    expect((await result.text()).length).toBe(588890);
    expect(result.response_headers['content-encoding']).toBe('gzip');
    await squeezed.close();
  });

  test('takes settings that change the answer and refuses those that lift limits', async () => {
    const result = await client.query({
      query: 'SELECT toUInt64(1) AS n',
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1, max_execution_time: 2 },
    });
    expect(await result.json()).toEqual([{ n: '1' }]);
    const lifted = client.query({
      query: 'SELECT 1',
      clickhouse_settings: { max_memory_usage_for_user: '0' },
    });
    await expect(lifted).rejects.toMatchObject({ code: '164', type: 'READONLY' });
    const made = client.query({
      query: 'SELECT 1',
      clickhouse_settings: { no_such_thing: '1' } as Record<string, string>,
    });
    await expect(made).rejects.toMatchObject({ code: '115', type: 'UNKNOWN_SETTING' });
  });

  test('carries the query id and a session id', async () => {
    const result = await client.query({ query: 'SELECT 1', query_id: 'my-own-id', session_id: 'session-1' });
    expect(result.query_id).toBe('my-own-id');
    expect(result.response_headers['x-clickhouse-query-id']).toBe('my-own-id');
  });

  test('reports errors with code, type and text', async () => {
    const failing: [string, string, string][] = [
      ['SELEC 1', '62', 'SYNTAX_ERROR'],
      ['SELECT no_such_column FROM logs', '47', 'UNKNOWN_IDENTIFIER'],
      ['SELECT 1 FROM no_such_table', '60', 'UNKNOWN_TABLE'],
      ['SELECT no_such_function(1)', '46', 'UNKNOWN_FUNCTION'],
      ['SELECT 1 FROM no_such_database.t', '81', 'UNKNOWN_DATABASE'],
      ['INSERT INTO logs VALUES (1)', '164', 'READONLY'],
      ['DROP TABLE logs', '164', 'READONLY'],
      ["SELECT toInt64('x')", '6', 'CANNOT_PARSE_TEXT'],
      ['SELECT {missing:UInt8}', '456', 'UNKNOWN_QUERY_PARAMETER'],
    ];
    for (const [query, code, type] of failing) {
      const error = await client.query({ query }).catch((caught: unknown) => caught);
      expect(error, query).toBeInstanceOf(ClickHouseError);
      expect(error, query).toMatchObject({ code, type });
    }
  });

  test('is told of a wrong key and of a key that may not read', async () => {
    for (const [password, type] of [
      ['no-such-key', 'AUTHENTICATION_FAILED'],
      [keys.ingest, 'ACCESS_DENIED'],
      ['', 'REQUIRED_PASSWORD'],
    ] as const) {
      const stranger = createClient({ url: server.url, username: 'default', password, log });
      await expect(stranger.query({ query: 'SELECT 1' }), password).rejects.toMatchObject({ type });
      await stranger.close();
    }
  });

  test('cancels a query that its reader gives up', async () => {
    const giveUp = new AbortController();
    const query = client.query({
      query: 'SELECT count() FROM numbers(1e12)',
      abort_signal: giveUp.signal,
      query_id: 'to-be-given-up',
    });
    const processes = () =>
      server.store.engine.arrange(
        "SELECT count() FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%processes%'",
      );
    await expect.poll(processes).toBe('1\n');
    giveUp.abort();
    await expect(query).rejects.toThrow('aborted');
    await expect.poll(processes, { timeout: 3000 }).toBe('0\n');
  });
});

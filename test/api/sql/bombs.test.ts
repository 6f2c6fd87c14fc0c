import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Serving, serving } from './serving.ts';

let server: Serving;
beforeAll(async () => {
  const limits = {
    seconds: 1,
    memoryBytes: 128 * 1024 * 1024,
    resultRows: 10_000,
    resultBytes: 4 * 1024 * 1024,
  };
  server = await serving({ limits });
});
afterAll(() => server.close());

const bombs = [
  'SELECT count() FROM numbers(1e18)',
  'SELECT number FROM numbers(1e18) LIMIT 1 OFFSET 1e15',
  'SELECT number FROM numbers(1e18) WHERE cityHash64(number) = 1',
  'SELECT number FROM numbers(1e6)',
  'SELECT * FROM generate_series(1, 1e18)',
  'SELECT count() FROM numbers(1e7) AS a CROSS JOIN numbers(1e7) AS b',
  'SELECT (SELECT count() FROM numbers(1e14))',
  'SELECT 1 WHERE 1 IN (SELECT number + 2 FROM numbers(1e14))',
  'SELECT 1 LIMIT (SELECT count() FROM numbers(1e14))',
  'SELECT number FROM numbers(10) ORDER BY (SELECT sum(number) FROM numbers(1e14))',
  'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count() FROM t',
  'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, numbers(1000) AS x) SELECT count() FROM t',
  "SELECT repeat('x', 1000000000)",
  "SELECT length(repeat(repeat('x', 1000000), 1000))",
  "SELECT repeat('x', 1000000) FROM numbers(10000)",
  'SELECT space(1000000000)',
  "SELECT leftPad('x', 1000000000, 'y')",
  'SELECT randomString(1000000000)',
  'SELECT range(1000000000)',
  'SELECT arraySum(range(100000000))',
  'SELECT range(1000000) FROM numbers(1000)',
  'SELECT arrayWithConstant(1000000000, 1)',
  'SELECT length(arrayMap(x -> arraySum(arrayMap(y -> x * y, range(30000))), range(30000)))',
  'SELECT arrayStringConcat(arrayMap(x -> toString(x), range(10000000)))',
  "SELECT length(replaceAll(replaceAll(replaceAll(repeat('x', 10000), 'x', repeat('x', 1000)), 'x', repeat('x', 1000)), 'x', 'yy'))",
  'SELECT groupArray(number) FROM numbers(1e10)',
  "SELECT groupArray(repeat('x', 1000)) FROM numbers(1e7)",
  'SELECT uniqExact(number) FROM numbers(1e10)',
  'SELECT number, count() FROM numbers(1e10) GROUP BY number FORMAT Null',
  'SELECT number FROM numbers(1e10) ORDER BY cityHash64(number) FORMAT Null',
  'SELECT sum(number) OVER (ORDER BY number) FROM numbers(1e10) FORMAT Null',
  'SELECT count() FROM numbers(1e9) AS a JOIN numbers(1e9) AS b USING (number)',
  "SELECT extractAll(repeat('x', 300000), 'x*y|x')",
  "SELECT replaceRegexpAll(repeat('x', 300000), '(x+x+)+y', '')",
  "SELECT countMatches(repeat('x', 300000), 'x*y|x')",
  "SELECT REGEXP_REPLACE(repeat('x', 300000), 'x*y|x', '')",
  "SELECT splitByRegexp('x*y|x', repeat('x', 300000))",
  "SELECT editDistance(repeat('a', 60000), repeat('b', 60000)) FROM numbers(1000)",
  "SELECT multiMatchAny('a', ['(a|b)*c{1,30}.*z{1,50}'])",
  'SELECT bitmapToArray(bitmapBuild(range(100000000)))',
  'SELECT topK(1000000)(number) FROM numbers(1e9)',
  `SELECT ${'['.repeat(500)}1${']'.repeat(500)} FROM numbers(1000000) FORMAT Null`,
  `SELECT ${Array.from({ length: 60_000 }, (_, i) => i).join('+')}`,
  `WITH ${Array.from({ length: 40 }, (_, i) => (i === 0 ? '1 AS a0' : `(a${i - 1}, a${i - 1}) AS a${i}`)).join(', ')} SELECT a39`,
  `SELECT ${Array.from({ length: 30 }, (_, i) => (i === 0 ? '1 AS a0' : `(a${i - 1}, a${i - 1}) AS a${i}`)).join(', ')}`,
  `WITH x -> (x, x) AS f SELECT ${'f('.repeat(30)}1${')'.repeat(30)}`,
  `WITH ${Array.from({ length: 30 }, (_, i) => (i === 0 ? '(SELECT 1) AS a0' : `(SELECT a${i - 1} + a${i - 1}) AS a${i}`)).join(', ')} SELECT a29`,
  `WITH ${Array.from({ length: 25 }, (_, i) => (i === 0 ? 'c0 AS (SELECT 1 AS x)' : `c${i} AS (SELECT * FROM c${i - 1} UNION ALL SELECT * FROM c${i - 1})`)).join(', ')} SELECT count() FROM c24`,
];

describe('a bomb', () => {
  test.each(bombs)(
    'is stopped by a limit: %#',
    async (sql) => {
      const answer = await server.ask(sql);
      expect(answer.status, `${sql.slice(0, 100)}\n${answer.text.slice(0, 300)}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${sql.slice(0, 100)}\n${answer.text.slice(0, 300)}`).toBeLessThan(500);
    },
    20_000,
  );

  test('leaves the engine at work for others', async () => {
    expect((await server.ask('SELECT count() FROM logs')).text).toBe('2\n');
  });
});

test('a client can tighten the limits and not widen them', async () => {
  const tight = await server.ask('SELECT number FROM numbers(100)', { query: 'max_result_rows=10' });
  expect(tight.headers.get('x-clickhouse-exception-code')).toBe('396');
  const wide = await server.ask('SELECT number FROM numbers(20000)', { query: 'max_result_rows=1000000' });
  expect(wide.headers.get('x-clickhouse-exception-code')).toBe('396');
  const cut = await server.ask('SELECT number FROM numbers(100000)', {
    query: 'max_result_rows=10&result_overflow_mode=break&max_block_size=10',
  });
  expect(cut.status).toBe(200);
  expect(cut.text.split('\n').length).toBeLessThan(100);
  const forever = await server.ask('SELECT count() FROM numbers(1e18)', { query: 'max_execution_time=0' });
  expect(forever.status).toBe(408);
});

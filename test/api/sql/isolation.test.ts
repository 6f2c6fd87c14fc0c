import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherSecret } from './fixture.ts';
import { keys, type Serving, serving } from './serving.ts';

let server: Serving;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

/** Fails on project b's rows and on no other: were it computed on one, the failure would tell. */
const trap = 'toInt64(secret) = 17';
const sure = "accurateCast(secret, 'UInt8') > 0";

const oracles = [
  `SELECT count() FROM requests WHERE ${trap}`,
  `SELECT count() FROM requests WHERE ${trap} AND ok`,
  `SELECT count() FROM requests WHERE ok AND ${trap}`,
  `SELECT count() FROM requests WHERE ${trap} OR ok`,
  `SELECT count() FROM requests WHERE NOT (${trap})`,
  `SELECT count() FROM requests WHERE duration_ms > 10 AND ${trap} AND user_id != 'x'`,
  `SELECT count() FROM requests WHERE time > '2026-01-01 00:00:10' AND ${trap}`,
  `SELECT count() FROM requests WHERE time > '2026-01-01 00:00:10' AND ${trap} AND project != 'x'`,
  `SELECT count() FROM requests WHERE project = 'b' OR ${trap}`,
  `SELECT count() FROM requests WHERE project != 'a' OR ${sure}`,
  `SELECT count() FROM requests WHERE operation IN ('start', 'pay') AND ${trap}`,
  `SELECT count() FROM requests WHERE ${trap} AND user_id IN (SELECT user_id FROM errors)`,
  `SELECT count() FROM requests WHERE user_id IN (SELECT user_id FROM errors WHERE ${trap})`,
  `SELECT count() FROM requests WHERE 'user-1' IN (SELECT user_id FROM errors WHERE ${trap})`,
  `SELECT count() FROM requests WHERE intDiv(1, secret = '17') = 1`,
  `SELECT count() FROM requests WHERE modulo(7, secret = '17') = 0`,
  `SELECT count() FROM requests WHERE toDate(concat('2026-01-', secret)) > '2026-01-01'`,
  `SELECT count() FROM requests WHERE toUUID(if(secret = '17', '61f0c404-5cb3-11e7-907b-a6006ad3dba0', secret)) != generateUUIDv4()`,
  `SELECT count() FROM requests WHERE if(ok, ${trap}, ${sure})`,
  `SELECT count() FROM requests WHERE multiIf(ok, ${trap}, duration_ms > 5, ${sure}, 1)`,
  `SELECT count() FROM requests WHERE CASE WHEN ok THEN ${trap} ELSE ${sure} END`,
  `SELECT sum(toInt64(secret)) FROM requests`,
  `SELECT sumIf(toInt64(secret), ok) FROM requests`,
  `SELECT max(toInt64(secret)) AS m FROM requests GROUP BY operation HAVING m > 0 ORDER BY m LIMIT 1`,
  `SELECT toInt64(secret) AS s FROM requests GROUP BY s`,
  `SELECT toInt64(secret) FROM requests ORDER BY time LIMIT 1`,
  `SELECT 1 FROM requests ORDER BY toInt64(secret) LIMIT 1`,
  `SELECT time FROM requests ORDER BY time LIMIT 1 BY toInt64(secret)`,
  `SELECT DISTINCT toInt64(secret) FROM requests`,
  `SELECT toInt64(secret) OVER () FROM (SELECT 1 AS secret)`.replace(' OVER ()', ''),
  `SELECT sum(toInt64(secret)) OVER (PARTITION BY operation) FROM requests LIMIT 1`,
  `SELECT row_number() OVER (ORDER BY toInt64(secret)) FROM requests LIMIT 1`,
  `SELECT time FROM requests QUALIFY row_number() OVER (ORDER BY toInt64(secret)) = 1`,
  `SELECT count() FROM requests AS r JOIN errors AS e ON r.user_id = e.user_id WHERE toInt64(r.secret) = 17`,
  `SELECT count() FROM requests AS r JOIN errors AS e ON r.user_id = e.user_id WHERE toInt64(e.secret) = 17`,
  `SELECT count() FROM requests AS r JOIN errors AS e ON toInt64(r.secret) = toInt64(e.secret) AND r.time = e.time`,
  `SELECT count() FROM requests AS r JOIN errors AS e ON r.user_id = e.user_id AND toInt64(r.secret) = 17`,
  `SELECT count() FROM requests AS r LEFT JOIN errors AS e ON r.time = e.time AND toInt64(r.secret) = 17`,
  `SELECT count() FROM requests AS r RIGHT JOIN errors AS e ON r.time = e.time WHERE toInt64(r.secret) = 17`,
  `SELECT count() FROM requests AS r JOIN (SELECT 1 AS ok) AS z USING (ok) WHERE ${trap}`,
  `SELECT count() FROM requests AS r JOIN (SELECT 1 AS ok) AS z ON r.ok = z.ok WHERE CAST(r.secret AS Int64) = 17`,
  `SELECT count() FROM requests AS r LEFT SEMI JOIN errors AS e ON r.user_id = e.user_id WHERE toInt64(r.secret) = 17`,
  `SELECT count() FROM requests AS r, findings AS f WHERE r.project = f.project AND toInt64(r.secret) = 17`,
  `SELECT count() FROM requests AS r CROSS JOIN numbers(2) AS n WHERE toInt64(r.secret) = 17`,
  `SELECT count() FROM numbers(2) AS n CROSS JOIN requests AS r WHERE toInt64(r.secret) = 17`,
  `SELECT count() FROM requests ARRAY JOIN tags AS tag WHERE ${trap} AND tag = 'x'`,
  `SELECT count() FROM requests WHERE arrayExists(t -> toInt64(secret) = 17, tags)`,
  `SELECT arrayJoin(tags) AS t, toInt64(secret) FROM requests LIMIT 1`,
  `SELECT count() FROM (SELECT * FROM requests) WHERE ${trap}`,
  `SELECT count() FROM (SELECT toInt64(secret) AS s FROM requests) WHERE s = 17`,
  `SELECT count() FROM (SELECT * FROM requests WHERE ok ORDER BY time LIMIT 100) WHERE ${trap}`,
  `WITH r AS (SELECT * FROM requests WHERE ok) SELECT count() FROM r WHERE ${trap}`,
  `SELECT count() FROM (SELECT secret FROM requests UNION ALL SELECT secret FROM errors) WHERE ${trap}`,
  `SELECT count() FROM requests WHERE secret IN (SELECT toString(toInt64(secret)) FROM requests)`,
  `SELECT (SELECT count() FROM requests WHERE ${trap}) + (SELECT count() FROM errors WHERE ${sure})`,
  `SELECT EXISTS (SELECT 1 FROM requests WHERE ${trap})`,
  `SELECT count() FROM errors WHERE ${trap}`,
  `SELECT count() FROM errors WHERE ${trap} AND time > '2026-01-01 00:10:00'`,
  `SELECT count() FROM chronoscope.errors AS x WHERE toInt64(x.secret) = 17`,
  `WITH 'b' AS project SELECT count() FROM requests WHERE ${trap}`,
  `SELECT 'b' AS project, count() FROM requests WHERE ${trap}`,
  `SELECT count() FROM requests AS \`chronoscope.logs\` WHERE ${trap}`,
  `SELECT count() FROM requests SETTINGS join_use_nulls = 1`,
];

describe('a key of one project', () => {
  test.each(oracles)('does not compute on the rows of another: %s', async (sql) => {
    const answer = await server.ask(sql, { key: keys.a });
    expect(answer.status, answer.text).toBe(200);
  });

  const counts: [string, string][] = [
    ['SELECT count() FROM requests', '1000\n'],
    ['SELECT count() FROM chronoscope.requests', '1000\n'],
    ['SELECT DISTINCT project FROM requests', 'a\n'],
    ["SELECT count() FROM requests WHERE project = 'b'", '0\n'],
    ["SELECT count() FROM requests WHERE project = 'b' OR 1", '1000\n'],
    ['SELECT DISTINCT project FROM errors', 'a\n'],
    [
      'SELECT DISTINCT r.project, e.project FROM requests AS r FULL JOIN errors AS e ON r.time = e.time ORDER BY ALL',
      '\n',
    ],
    ["SELECT 'b' IN (SELECT project FROM requests)", '0\n'],
    ["SELECT ('b', 'secret-of-project-b', 4) IN findings", '0\n'],
    ["SELECT ('a', 'src/a.ts', 3) IN findings", '1\n'],
    ['SELECT min(project), max(project) FROM requests', 'a\ta\n'],
    ['SELECT count() FROM (SELECT project FROM logs UNION ALL SELECT project FROM findings)', '2\n'],
    ['WITH requests AS (SELECT * FROM errors) SELECT DISTINCT project FROM requests', 'a\n'],
    ['SELECT message FROM logs', 'hello 12 and 34\n'],
    ['SELECT count() FROM requests SETTINGS extremes = 1', '1000\n\n1000\n1000\n'],
  ];
  test.each(counts)('sees its own rows alone: %s', async (sql, expected) => {
    const answer = await server.ask(sql, { key: keys.a });
    if (expected === '\n') expect(answer.text).not.toContain('b');
    else expect(answer.text).toBe(expected);
  });

  test('learns no value from a failure', async () => {
    const answer = await server.ask("SELECT toInt64(concat('x', message)) FROM logs", { key: keys.a });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('hello');
  });

  test('is not shown plans, which count the rows of all', async () => {
    for (const kind of ['EXPLAIN', 'EXPLAIN PIPELINE', 'EXPLAIN indexes = 1', 'EXPLAIN ESTIMATE']) {
      const answer = await server.ask(`${kind} SELECT * FROM requests`, { key: keys.a });
      expect(answer.status, kind).toBe(403);
    }
  });
});

test('a key of all projects sees every row', async () => {
  expect((await server.ask('SELECT count() FROM requests')).text).toBe('2000\n');
  expect((await server.ask('SELECT message FROM logs')).text).toContain(otherSecret);
});

test('a project whose name is hostile is only a name', async () => {
  const hostile = "x' OR 1 = 1 OR project = '";
  const result = await server.store.engine.run({
    sql: 'SELECT count() FROM requests',
    format: 'TSV',
    settings: new Map(),
    params: new Map(),
    database: 'chronoscope',
    project: hostile,
    inMemory: false,
    signal: new AbortController().signal,
  });
  const parts: Uint8Array[] = [];
  for await (const part of result.chunks()) parts.push(part);
  await result.discard();
  expect(Buffer.concat(parts).toString()).toBe('0\n');
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAnalystEngine } from '../../../src/adapters/chdb/analyst.ts';
import { openChdbEngine } from '../../../src/adapters/chdb/engine.ts';
import { type AnalystLimits, defaultLimits } from '../../../src/api/sql/ports.ts';

export const views = ['requests', 'errors', 'logs', 'findings'];
export const canary = 'canary-3f9c1d77-never-to-be-seen';
export const otherSecret = 'secret-of-project-b';

/** A small store: two projects, views over hidden tables, and a file that no answer may ever hold. */
export async function smallStore(limits: Partial<AnalystLimits> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-sql-'));
  const canaryFile = join(folder, 'canary.txt');
  await writeFile(canaryFile, `${canary}\n`);
  const chdb = await openChdbEngine({ path: join(folder, 'read') });
  const session = chdb.openSession();
  for (const statement of statements) await session.queryAsync(statement);
  const engine = await openAnalystEngine({
    path: chdb.path,
    connectionArgs: chdb.connectionArgs,
    spoolFolder: join(folder, 'answers'),
    database: 'chronoscope',
    views,
    limits: { ...defaultLimits, seconds: 5, ...limits },
  });
  return {
    folder,
    canaryFile,
    engine,
    session,
    async close() {
      await engine.close();
      await chdb.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const statements = [
  'CREATE DATABASE chronoscope_store',
  'CREATE DATABASE chronoscope',
  `CREATE TABLE chronoscope_store.requests_v1 (project LowCardinality(String), time DateTime64(3, 'UTC'),
    service LowCardinality(String), operation String, user_id String, duration_ms Float64, ok UInt8, secret String,
    attributes Map(String, String), tags Array(String))
    ENGINE = MergeTree ORDER BY (project, time)`,
  `INSERT INTO chronoscope_store.requests_v1 SELECT ['a', 'b'][number % 2 + 1],
    toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number, 'bot', ['start', 'help', 'pay'][number % 3 + 1],
    concat('user-', toString(number % 7)), number % 1000 / 10, number % 5 != 0,
    if(number % 2 = 0, '17', 'secret-of-project-b'), map('file', 'a.ts', 'n', toString(number)), ['x', 'y']
    FROM numbers(2000)`,
  `CREATE TABLE chronoscope_store.logs_v1 (project String, time DateTime, level String, message String)
    ENGINE = MergeTree ORDER BY (project, time)`,
  `INSERT INTO chronoscope_store.logs_v1 VALUES ('a', '2026-01-01 00:00:00', 'info', 'hello 12 and 34'),
    ('b', '2026-01-01 00:00:00', 'error', 'secret-of-project-b')`,
  'CREATE TABLE chronoscope_store.keys (hash String) ENGINE = MergeTree ORDER BY hash',
  "INSERT INTO chronoscope_store.keys VALUES ('secret-of-the-store')",
  'CREATE TABLE chronoscope_store.findings_v1 (project String, file String, line UInt32) ENGINE = MergeTree ORDER BY file',
  "INSERT INTO chronoscope_store.findings_v1 VALUES ('a', 'src/a.ts', 3), ('b', 'secret-of-project-b', 4)",
  'CREATE VIEW chronoscope.requests AS SELECT * FROM chronoscope_store.requests_v1',
  'CREATE VIEW chronoscope.errors AS SELECT * FROM chronoscope_store.requests_v1 WHERE NOT ok',
  'CREATE VIEW chronoscope.logs AS SELECT * FROM chronoscope_store.logs_v1',
  'CREATE VIEW chronoscope.findings AS SELECT * FROM chronoscope_store.findings_v1',
];

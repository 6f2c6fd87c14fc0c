import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAnalystEngine } from '../../../src/adapters/chdb/analyst.ts';
import { type ChdbEngine, openChdbEngine } from '../../../src/adapters/chdb/engine.ts';
import { shadowDatabases } from '../../../src/api/sql/guard/systemTables.ts';
import { type AnalystEngine, defaultLimits } from '../../../src/api/sql/ports.ts';
import { createShadows } from '../../../src/api/sql/shadows.ts';

let folder: string;
let chdb: ChdbEngine;
let engine: AnalystEngine;
const allowed = { database: 'chronoscope', views: ['logs'] };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-sql-'));
  chdb = await openChdbEngine({ path: join(folder, 'read & store') });
  const session = chdb.openSession();
  for (const statement of [
    'CREATE DATABASE chronoscope_store',
    'CREATE DATABASE chronoscope',
    'CREATE TABLE chronoscope_store.logs_v1 (project String, message String) ENGINE = MergeTree ORDER BY project',
    "INSERT INTO chronoscope_store.logs_v1 VALUES ('a', 'one'), ('b', 'two')",
    'CREATE VIEW chronoscope.logs AS SELECT * FROM chronoscope_store.logs_v1',
  ]) {
    await session.queryAsync(statement);
  }
  engine = await openAnalystEngine({
    path: chdb.path,
    connectionArgs: chdb.connectionArgs,
    spoolFolder: join(folder, 'answers'),
    ...allowed,
    limits: defaultLimits,
  });
  await createShadows(engine, allowed);
});
afterAll(async () => {
  await engine.close();
  await chdb.close();
  await rm(folder, { recursive: true, force: true });
});

/** As if the door had checked nothing. */
async function unchecked(sql: string, project = '*'): Promise<string> {
  const signal = new AbortController().signal;
  const rest = { format: 'TSV', settings: new Map(), params: new Map(), inMemory: false };
  const result = await engine.run({ sql, database: 'chronoscope', project, signal, ...rest });
  const parts: Uint8Array[] = [];
  for await (const part of result.chunks()) parts.push(part);
  await result.discard();
  return Buffer.concat(parts).toString();
}

describe('with a role of its own, an analyst that got past every check', () => {
  test('reads the views, of its own project', async () => {
    expect(await unchecked('SELECT * FROM logs ORDER BY project')).toBe('a\tone\nb\ttwo\n');
    expect(await unchecked('SELECT * FROM chronoscope.logs', 'b')).toBe('b\ttwo\n');
    expect(await unchecked(`SELECT name FROM ${shadowDatabases.system}.tables`)).toBe('logs\n');
  });

  test.each([
    'SELECT * FROM chronoscope_store.logs_v1',
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM executable('true', 'TSV', 'x String')",
  ])('is still denied: %s', async (sql) => {
    await expect(unchecked(sql)).rejects.toMatchObject({ codeName: 'ACCESS_DENIED' });
  });

  test('sees no table that it may not read', async () => {
    await expect(unchecked("SELECT * FROM merge('chronoscope_store', '.*')")).rejects.toThrow('no tables');
  });

  test.each(['CREATE VIEW chronoscope.x AS SELECT 1', 'SET ROLE program', 'DROP TABLE chronoscope.logs'])(
    'changes nothing: %s',
    async (sql) => {
      await expect(unchecked(sql)).rejects.toThrow();
      expect(await engine.arrange('SHOW TABLES FROM chronoscope')).toBe('logs\n');
    },
  );
});

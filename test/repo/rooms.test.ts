import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkFile } from '../../scripts/rooms.mjs';

const faults = (file: string, text: string) => checkFile(file, text).map(({ message }) => message);

describe('imports between the rooms', () => {
  it.each([
    ['src/domain/rates.ts', "import { z } from 'zod';"],
    ['src/domain/events/a.ts', "import { b } from '../position.ts';"],
    ['src/projections/a.ts', "import { b } from '../domain/position.ts';"],
    ['src/adapters/lmdb/log.ts', "import { LogUnavailableError } from '../../projections/ports.ts';"],
    ['src/adapters/chdb/analyst.ts', "import { SqlError } from '../../api/sql/errors.ts';"],
    ['src/adapters/chdb/store.ts', "import { quote } from '../../projections/sql.ts';"],
    ['src/adapters/lmdb/log.ts', "import type { Table } from '../../projections/table.ts';"],
    ['src/adapters/lmdb/log.ts', "import { open } from 'lmdb';"],
    ['src/api/http/a.ts', "import { runner } from '../../projections/runner.ts';"],
    ['src/sdk/client.ts', "import type { EventType } from '../domain/events/catalogue.ts';"],
    ['src/app.ts', "import { openLog } from './adapters/lmdb/log.ts';"],
    ['src/main.ts', "import { createApp } from './app.ts';"],
  ])('%s may hold %s', (file, text) => {
    expect(faults(file, text)).toEqual([]);
  });

  it.each([
    ['src/domain/a.ts', "import { readFileSync } from 'node:fs';"],
    ['src/domain/a.ts', "import { readFileSync } from 'fs';"],
    ['src/domain/a.ts', "import pino from 'pino';"],
    ['src/domain/a.ts', "import type { ReadStore } from '../projections/ports.ts';"],
    ['src/domain/a.ts', "type Store = import('../projections/ports.ts').ReadStore;"],
    ['src/projections/a.ts', "import { serve } from '../api/http/server.ts';"],
    ['src/projections/a.ts', "export { openLog } from '../adapters/lmdb/log.ts';"],
    ['src/projections/a.ts', "export * from '../adapters/lmdb/log.ts';"],
    ['src/adapters/lmdb/log.ts', "import { runner } from '../../projections/runner.ts';"],
    ['src/adapters/lmdb/log.ts', "import { type Table, runner } from '../../projections/runner.ts';"],
    ['src/adapters/lmdb/log.ts', "import '../../projections/runner.ts';"],
    ['src/adapters/lmdb/log.ts', "import { createApp } from '../../app.ts';"],
    ['src/api/http/a.ts', "const log = await import('../../adapters/lmdb/log.ts');"],
    ['src/api/http/a.ts', "import type { Log } from '../../adapters/lmdb/log.ts';"],
    ['src/sdk/client.ts', "import { eventSchemas } from '../domain/events/catalogue.ts';"],
    ['src/sdk/client.ts', "import type { ErrorCode } from '../domain/errors.ts';"],
    ['src/main.ts', "import { openLog } from './adapters/lmdb/log.ts';"],
    ['src/config.ts', "import { createApp } from './app.ts';"],
    ['src/attic/a.ts', "import { b } from '../domain/position.ts';"],
  ])('%s may not hold %s', (file, text) => {
    expect(faults(file, text)).toHaveLength(1);
  });

  it('names the line of a fault', () => {
    const text = "// A comment: import x from '../api/x.ts'\n\nimport { x } from '../api/x.ts';\n";
    expect(checkFile('src/domain/a.ts', text)).toMatchObject([{ file: 'src/domain/a.ts', line: 3 }]);
  });
});

describe('purity of the domain', () => {
  it.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'process.env.HOME',
    'globalThis.process',
    'performance.now()',
    'crypto.randomUUID()',
    'setTimeout(() => {}, 1)',
    "fetch('http://localhost')",
  ])('%s is refused in the domain and nowhere else', (expression) => {
    const text = `export const value = ${expression};`;
    expect(faults('src/domain/a.ts', text)).toHaveLength(1);
    expect(faults('src/projections/a.ts', text)).toEqual([]);
  });

  it.each(['new Date(ms)', 'Date.UTC(2026, 0)', 'event.process', 'Math.max(1, 2)', '({ process: 1 })'])(
    '%s is pure',
    (expression) => {
      expect(faults('src/domain/a.ts', `export const value = ${expression};`)).toEqual([]);
    },
  );
});

describe('the command', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('fails on a tree with a violation and passes without', () => {
    const root = mkdtempSync(join(tmpdir(), 'rooms-'));
    folders.push(root);
    mkdirSync(join(root, 'src/domain'), { recursive: true });
    const run = () => spawnSync(process.execPath, ['scripts/rooms.mjs', root], { encoding: 'utf8' });

    writeFileSync(join(root, 'src/domain/time.ts'), 'export const hour = 3_600_000;\n');
    expect(run()).toMatchObject({ status: 0, stdout: 'rooms: 1 files, 0 faults\n' });

    writeFileSync(join(root, 'src/domain/clock.ts'), 'export const now = () => Date.now();\n');
    const refused = run();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('src/domain/clock.ts:1 uses Date.now');
  });
});

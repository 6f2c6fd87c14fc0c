import { mkdir, readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families, type Target } from './attacks.ts';
import { canary } from './fixture.ts';
import { keys, type Serving, serving } from './serving.ts';

let server: Serving;
let listener: Server;
let target: Target;
let connections = 0;
/** Everything that must be the same after the attacks as before. */
let before: string;

const state = async () =>
  (await server.store.engine.arrange(`SELECT database, name, total_rows FROM system.tables
    WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') ORDER BY ALL`)) +
  (await server.store.engine.arrange('SELECT name FROM system.databases ORDER BY name')) +
  (await server.store.engine.arrange("SELECT name FROM system.functions WHERE origin != 'System'"));

beforeAll(async () => {
  server = await serving();
  listener = createServer(() => connections++).listen(0, '127.0.0.1');
  const folder = join(server.store.folder, 'untouched');
  await mkdir(folder);
  target = { file: server.store.canaryFile, folder, port: (listener.address() as AddressInfo).port };
  before = await state();
});
afterAll(async () => {
  listener.close();
  await server.close();
});

describe.each(Object.entries(families))('an attack that %s', (_family, attacks) => {
  test('is refused, and nothing happens', async () => {
    for (const sql of attacks(target)) {
      for (const key of [keys.all, keys.a]) {
        const answer = await server.ask(sql, { key, query: `param_p=${encodeURIComponent(target.file)}` });
        expect(answer.status, `${sql}\n${answer.text}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${sql}\n${answer.text}`).toBeLessThan(500);
        expect(answer.text, sql).not.toContain(canary);
        expect(answer.text, sql).not.toContain('secret-of-the-store');
        expect(Number(answer.headers.get('x-clickhouse-exception-code')), sql).toBeGreaterThan(0);
      }
    }
    expect(connections).toBe(0);
    expect(await readdir(target.folder)).toEqual([]);
    expect(await state()).toBe(before);
  }, 120_000);
});

test('there are more than two hundred of them', () => {
  const count = Object.values(families).flatMap((attacks) =>
    attacks({ file: '', folder: '', port: 1 }),
  ).length;
  expect(count).toBeGreaterThan(200);
});

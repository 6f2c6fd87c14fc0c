import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/api/cli/doctor/check.ts';
import { holderOf } from '../../src/api/cli/doctor/portHolder.ts';
import { buildProgram, runProgram } from '../support/program.ts';

let folder = '';
let server: Server;
let takenPort = 0;

beforeAll(buildProgram);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-doctor-test-'));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takenPort = (server.address() as { port: number }).port;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function examine(env: Readonly<Record<string, string>> = {}) {
  const free = { CHRONOSCOPE_PORT: '0', CHRONOSCOPE_SQL_PORT: '0', CHRONOSCOPE_DATA: join(folder, 'data') };
  const { code, stdout } = await runProgram(['doctor', '--json'], { ...free, ...env });
  const answer = JSON.parse(stdout) as { healthy: boolean; problems: number; checks: Finding[] };
  const found = (name: string) => answer.checks.filter((check) => check.name === name);
  const problems = answer.checks.filter(({ state }) => state === 'problem').map(({ name }) => name);
  return { code, answer, found, problems };
}

describe('doctor', () => {
  it('finds a fit machine fit, the libraries included', async () => {
    const { code, answer, found, problems } = await examine();
    expect([code, answer.healthy, problems]).toEqual([0, true, []]);
    expect(found('engine library')[0]?.message).toMatch(/ClickHouse \d+\.\d+/);
    expect(found('log library')[0]?.state).toBe('ok');
    expect(found('data folder')[0]?.message).toContain('will be made');
  });

  it('tells of a data folder that is a file', async () => {
    await writeFile(join(folder, 'data'), 'x');
    const { code, problems, found } = await examine();
    expect([code, problems]).toEqual([1, ['data folder']]);
    expect(found('data folder')[0]?.message).toContain('is no folder');
  });

  it('tells of a data folder that refuses writes, whoever asks', async () => {
    const { code, problems } = await examine({ CHRONOSCOPE_DATA: '/proc/chronoscope' });
    expect(code).toBe(1);
    expect(problems).toContain('data folder');
  });

  it('tells which process holds a port', async () => {
    const { code, problems, found } = await examine({ CHRONOSCOPE_PORT: String(takenPort) });
    expect([code, problems]).toEqual([1, ['HTTP port']]);
    if (process.platform === 'linux') {
      expect(found('HTTP port')[0]?.message).toContain(`(process ${process.pid})`);
      expect((await holderOf(takenPort))?.pid).toBe(process.pid);
    }
  });

  it('tells of an address that is not of this machine', async () => {
    const { problems, found } = await examine({ CHRONOSCOPE_HOST: '192.0.2.1', CHRONOSCOPE_PORT: '7070' });
    expect(problems).toContain('HTTP port');
    expect(found('HTTP port')[0]?.advice).toContain('CHRONOSCOPE_HOST');
  });

  it('tells of an engine that holds the folder and does not answer', async () => {
    await mkdir(join(folder, 'data'));
    const engine = { pid: process.pid, address: 'http://127.0.0.1:1', startedAt: new Date().toISOString() };
    await writeFile(join(folder, 'data', 'engine.json'), JSON.stringify(engine));
    const { problems, found } = await examine();
    expect(problems).toEqual(['engine']);
    expect(found('engine')[0]?.message).toContain(`process ${process.pid} holds this folder`);
  });

  it('does not take a note of a dead engine for a live one', async () => {
    await mkdir(join(folder, 'data'));
    const engine = { pid: 2 ** 22 + 1, address: 'http://127.0.0.1:1', startedAt: new Date().toISOString() };
    await writeFile(join(folder, 'data', 'engine.json'), JSON.stringify(engine));
    expect((await examine()).found('engine')[0]?.message).toContain('none runs');
  });

  it('tells that the clock was set back', async () => {
    await mkdir(join(folder, 'data'));
    const file = join(folder, 'data', 'x');
    await writeFile(file, '');
    const tomorrow = Date.now() / 1000 + 86_400;
    await utimes(file, tomorrow, tomorrow);
    expect((await examine()).problems).toEqual(['clock']);
  });

  it('names every fault of the configuration, and looks at the rest all the same', async () => {
    const { code, found, problems } = await examine({ CHRONOSCOPE_PORT: 'x', CHRONOSCOPE_NOPE: '1' });
    expect([code, problems]).toEqual([1, ['configuration', 'configuration']]);
    expect(found('engine library')[0]?.state).toBe('ok');
  });

  it('tells of services that cannot be reached, and which of them can be done without', async () => {
    const { problems, found } = await examine({
      CHRONOSCOPE_REDIS_URL: 'redis://:secret@127.0.0.1:1/0',
      CHRONOSCOPE_READ: 'http://user:secret@127.0.0.1:1/db',
    });
    expect(problems).toEqual(['ClickHouse']);
    expect(found('Redis')[0]).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('127.0.0.1:1'),
    });
    expect(found('Redis')[0]?.message).not.toContain('secret');
    expect(found('engine library')).toEqual([]);
  });

  it('reaches a service that is there', async () => {
    const { found } = await examine({ CHRONOSCOPE_REDIS_URL: `redis://127.0.0.1:${takenPort}` });
    expect(found('Redis')[0]?.state).toBe('ok');
  });

  it('says to a reader what to do', async () => {
    const env = {
      CHRONOSCOPE_PORT: String(takenPort),
      CHRONOSCOPE_SQL_PORT: 'off',
      CHRONOSCOPE_DATA: folder,
    };
    const { code, stdout } = await runProgram(['doctor'], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ HTTP port/);
    expect(stdout).toMatch(/→ End it, or set CHRONOSCOPE_PORT/);
    expect(stdout.split('\n').filter((line) => line.length > 80 && !line.includes(folder))).toEqual([]);
  });
});

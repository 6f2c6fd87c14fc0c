import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChdbEngine } from '../../src/adapters/chdb/engine.ts';
import { openChdbStore } from '../../src/adapters/chdb/readStore.ts';
import { embeddedLayout } from '../../src/domain/storeLayout.ts';
import { buildProgram, type Running, runProgram, startOnTerminal, startProgram } from '../support/program.ts';

let folder = '';
let env: Record<string, string> = {};
const started: Running[] = [];

beforeAll(buildProgram);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-serve-'));
  env = { CHRONOSCOPE_DATA: folder, CHRONOSCOPE_PORT: '0', CHRONOSCOPE_SQL_PORT: '0' };
});
afterEach(async () => {
  for (const running of started.splice(0)) {
    running.kill('SIGKILL');
    await running.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

const keep = (running: Running): Running => {
  started.push(running);
  return running;
};

interface Told {
  address: string;
  sqlAddress: string;
  dataFolder: string;
  adminKey?: string;
}

async function serve(...args: string[]) {
  const running = keep(startProgram(['serve', '--json', ...args], env));
  const told = JSON.parse(await running.says('"address"')) as Told;
  return { running, told, key: told.adminKey ?? '' };
}

const event = { type: 'request', operation: 'search', durationMs: 12 };

function send(told: Told, key: string, body: unknown = event) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return fetch(`${told.address}/v1/events`, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('serve', () => {
  it('tells its addresses and, once, an admin key that works; commands find it and its keys', async () => {
    const { running, told, key } = await serve();
    expect((await send(told, key)).status).toBe(200);
    expect((await fetch(`${told.sqlAddress}/ping`)).status).toBe(200);

    const withKey = { ...env, CHRONOSCOPE_ADMIN_KEY: key };
    const made = await runProgram(['keys', 'create', '--role', 'ingest', '--name', 'shop'], withKey);
    expect([made.code, made.stdout.trim()]).toEqual([0, expect.stringMatching(/^chr_i_\S+$/)]);
    expect((await send(told, made.stdout.trim())).status).toBe(200);
    const keyId = /key_\w+/.exec(made.stderr)?.[0] ?? '';
    expect((await runProgram(['keys', 'revoke', keyId], withKey)).code).toBe(0);
    expect((await send(told, made.stdout.trim())).status).toBe(401);
    const without = await runProgram(['keys', 'list'], env);
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('asks for an admin key')]);

    const seen = await runProgram(['doctor', '--json'], env);
    expect(seen.stdout).toContain(`process ${running.pid} runs on this folder`);

    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    const again = await serve();
    expect(again.told.adminKey).toBeUndefined();
    expect((await send(again.told, key)).status).toBe(200);
  });

  it('verifies and rebuilds while it runs, asked over HTTP', async () => {
    const { told, key } = await serve();
    await send(told, key, [event, event, event]);
    const withKey = { ...env, CHRONOSCOPE_ADMIN_KEY: key };
    const verified = await runProgram(['verify', '--json'], withKey);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    const { projections } = JSON.parse(verified.stdout) as { projections: object[] };
    expect(projections).toContainEqual(expect.objectContaining({ projection: 'requests', rows: 3 }));
    const rebuilt = await runProgram(['rebuild', 'logs', '--json', '--url', told.address], withKey);
    expect([rebuilt.code, JSON.parse(rebuilt.stdout)]).toMatchObject([0, { rebuilt: ['logs'] }]);
    const unknown = await runProgram(['verify', 'lgos'], withKey);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('did you mean "logs"')]);
  });

  it('refuses a folder that another engine has', async () => {
    await serve();
    const second = await runProgram(['serve'], env);
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toContain('is in use');
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('says that a folder cannot be used', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const { code, stderr } = await runProgram(['serve', '--data', join(file, 'data')], env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be used (ENOTDIR)')]);
    expect(stderr).toContain('chronoscope doctor');
  });

  it('says which port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await runProgram(['serve', '--port', String(port)], env);
    await new Promise((resolve) => other.close(resolve));
    expect([code, stderr]).toEqual([1, expect.stringContaining(`port ${port} of 127.0.0.1 is taken`)]);
  });

  it('ends with 0 after a signal, when what was under way is done', async () => {
    const { running, told, key } = await serve();
    const sent = Promise.allSettled(Array.from({ length: 20 }, () => send(told, key)));
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    const answered = (await sent).flatMap((each) => (each.status === 'fulfilled' ? [each.value.status] : []));
    expect(answered.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  });

  it('ends at once after a second signal, whatever is under way', async () => {
    const { running, told } = await serve();
    const { port } = new URL(told.address);
    const slow = connect(Number(port), '127.0.0.1');
    slow.on('error', () => undefined);
    await once(slow, 'connect');
    // A request that never arrives in full keeps the drain waiting.
    slow.write('POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
    running.kill('SIGTERM');
    await running.says('a second signal ends at once');
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(143);
    slow.destroy();
  });

  it('keeps a signal that comes while it starts', async () => {
    const running = keep(startProgram(['serve'], env));
    // The folder's lock is the first thing that a start takes.
    while ((await readdir(folder)).length === 0) await wait(20);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  it('ends after a signal while it waits for a store that is away, and shows no password', async () => {
    const away = { CHRONOSCOPE_LOG: 'esdb://someone:geheim@127.0.0.1:1?tls=false' };
    const running = keep(startProgram(['serve'], { ...env, ...away }));
    const lock = () => readdir(folder).then((names) => names.some((name) => name.startsWith('engine.lock')));
    await expect.poll(lock, { timeout: 20_000 }).toBe(true);
    running.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('the stop took longer');
    expect(stderr).not.toContain('geheim');
  });

  it('greets a person on a terminal with what to paste first', async () => {
    const running = keep(startOnTerminal(['serve'], env));
    const text = await running.says(/v1\/latency[^\n]*\n[^\n]*Bearer chr_a_\S+/);
    expect(text).toContain('curl http://127.0.0.1:');
    expect(text).toContain(folder);
  });

  it('shows progress on a terminal', async () => {
    const running = keep(startOnTerminal(['serve', '--demo'], env));
    const line = /simulating the last day {2}[█░]{8,16} +\d+% {2}[\d,]+ of 1,440 minutes/;
    await running.says(line);
  });

  it('runs the simulated bot with a key that ends with it', async () => {
    const { running, told, key } = await serve('--demo');
    const sql = (query: string) =>
      fetch(told.sqlAddress, {
        method: 'POST',
        body: query,
        headers: { authorization: `Basic ${btoa(`x:${key}`)}` },
      });
    for (let rows = 0; rows === 0; ) {
      const answer = await sql("SELECT count() FROM requests WHERE operation = 'search'");
      rows = Number(await answer.text());
    }
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    expect((await running.ended).stderr).not.toContain('\u001b');
    const { keys } = JSON.parse((await runProgram(['keys', '--json'], env)).stdout) as { keys: object[] };
    expect(keys).toContainEqual(
      expect.objectContaining({ name: 'simulated bot', revokedAt: expect.any(String) }),
    );
    const memory = JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8'));
    expect(memory.sentTo).toBeGreaterThanOrEqual(memory.anchor - 86_400_000);
  });
});

/** Takes one row out of a read model behind the engine's back. */
async function damage(table: string): Promise<void> {
  const engine = await openChdbEngine({ path: join(folder, 'read') });
  const store = await openChdbStore(engine);
  const [found] = await store.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = '${embeddedLayout.storeDatabase}' AND match(name, '^${table}_v[0-9]+g[0-9]+$')`,
  );
  const fullName = `${embeddedLayout.storeDatabase}.${found?.name}`;
  await store.command(`ALTER TABLE ${fullName} DELETE WHERE request_id = 'r7' SETTINGS mutations_sync = 2`);
  await store.close();
  await engine.close();
}

describe('on a folder without an engine', () => {
  it('verify ends with 1 when a row is missing, names the place, and rebuild repairs it', async () => {
    const { running, told, key } = await serve();
    const events = Array.from({ length: 50 }, (_, n) => ({ ...event, requestId: `r${n}` }));
    const { position } = (await (await send(told, key, events)).json()) as { position: string };
    // The row has to be there before it can be taken out.
    const headers = { authorization: `Bearer ${key}` };
    const seen = await fetch(`${told.address}/v1/positions?after=${position}&wait=30s`, { headers });
    expect(seen.status).toBe(200);
    running.kill('SIGTERM');
    await running.ended;
    await damage('requests');

    const verified = await runProgram(['verify', 'requests', '--json'], env);
    const { identical, projections } = JSON.parse(verified.stdout);
    expect([verified.code, identical]).toEqual([1, false]);
    expect(projections[0].differences).toContainEqual(
      expect.objectContaining({ table: 'requests', present: expect.objectContaining({ rows: 49 }) }),
    );
    const shown = await runProgram(['verify', 'requests'], env);
    expect([shown.code, shown.stdout]).toEqual([1, expect.stringContaining('chronoscope rebuild requests')]);
    expect((await runProgram(['rebuild', 'requests'], env)).code).toBe(0);
    expect((await runProgram(['verify', 'requests'], env)).code).toBe(0);
  });

  it('verify and rebuild open it themselves, after a kill too', async () => {
    const { running, told, key } = await serve();
    const events = Array.from({ length: 2_000 }, (_, n) => ({ ...event, requestId: `r${n}` }));
    expect((await send(told, key, events)).status).toBe(200);
    running.kill('SIGKILL');
    await running.ended;

    const verified = await runProgram(['verify', 'requests', '--json'], env);
    const answer = JSON.parse(verified.stdout) as { identical: boolean; projections: object[] };
    expect([verified.code, answer.identical]).toEqual([0, true]);
    expect(answer.projections).toMatchObject([{ projection: 'requests', rows: 2_000, differences: [] }]);
    expect(verified.stderr).toBe('');
    const rebuilt = await runProgram(['rebuild', 'requests'], env);
    expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringContaining('requests')]);
    expect((await runProgram(['verify', 'nothing'], env)).code).toBe(2);
  });

  it('keys tells the first admin key of an empty folder, which no later start would', async () => {
    const { code, stdout, stderr } = await runProgram(['keys', 'list', '--json'], env);
    expect([code, JSON.parse(stdout).keys]).toMatchObject([0, [{ role: 'admin', name: 'bootstrap' }]]);
    const key = /chr_a_\S+/.exec(stderr)?.[0] ?? '';
    const { told } = await serve();
    expect(told.adminKey).toBeUndefined();
    expect((await send(told, key)).status).toBe(200);
  });
});

import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adminKey, type LiveEngine, post, sqlRows, startEngine } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';

let folder = '';
const started: LiveEngine[] = [];

beforeAll(buildProgram);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-restored-'));
});
afterEach(async () => {
  for (const { program } of started.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

async function run(name: string): Promise<LiveEngine> {
  const engine = await startEngine(join(folder, name));
  started.push(engine);
  return engine;
}

const people = 40;
const events = JSON.stringify(
  Array.from({ length: people }, (_, i) => ({
    type: 'request',
    operation: 'search',
    durationMs: i,
    userId: `user${i}@example.com`,
  })),
);
const question = 'SELECT position, operation, duration_ms, user_id FROM requests ORDER BY position, id';

/** Sends them, and waits until they are shown. */
async function sent(engine: LiveEngine): Promise<string[][]> {
  const { position } = (await (await post(engine.origin, events)).json()) as { position: string };
  await shown(engine, position);
  return sqlRows(engine, question);
}
async function shown({ origin }: LiveEngine, position: string): Promise<void> {
  const answer = await fetch(`${origin}/v1/requests?after=${position}&wait=30s`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  expect(answer.status).toBe(200);
}

describe('a backup of the log and the pseudonym key, and of nothing else', () => {
  it('gives back every event, every view, every key and the same pseudonyms', async () => {
    const before = await run('old');
    const rows = await sent(before);
    expect(rows).toHaveLength(people);
    before.program.kill('SIGTERM');
    await before.program.ended;

    await mkdir(join(folder, 'new'));
    for (const kept of ['log', 'pseudonym.key'])
      await cp(join(folder, 'old', kept), join(folder, 'new', kept), { recursive: true });

    const after = await run('new');
    await shown(after, rows.at(-1)?.[0] ?? '');
    expect(await sqlRows(after, question)).toEqual(rows);
    const all = await sent(after);
    const pseudonyms = (some: string[][]) => some.map(([, , , user]) => user).sort();
    expect(pseudonyms(all.slice(people))).toEqual(pseudonyms(rows));
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { adminKey, post, readLog, sqlRows, startEngine, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';

/** Put together here, so that no scanner takes this file for a leak. */
const secrets = {
  githubToken: ['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'].join('_'),
  telegramToken: ['123456789', 'AAH-abcdefghijklmnopqrstuvwxyz01234'].join(':'),
  password: 'correct-horse-battery-staple',
  card: ['4111', '1111', '1111', '1111'].join(' '),
  email: ['dana.cohen', 'example.org'].join('@'),
  bearer: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U', // secrets:allow
};

describe('secrets', () => {
  beforeAll(buildProgram, 120_000);

  it('nothing secret reaches the log, the views, the files or the output', { timeout: 120_000 }, async () => {
    const { folder, remove } = await temporaryFolder();
    const engine = await startEngine(folder);
    const text = `login of ${secrets.email} with password=${secrets.password} and card ${secrets.card} failed; header Authorization: Bearer ${secrets.bearer}, token ${secrets.githubToken}, bot ${secrets.telegramToken}`;
    const attributes = {
      password: secrets.password,
      'X-Api-Key': secrets.githubToken,
      note: text,
      user_email: secrets.email,
    };
    const events = [
      {
        type: 'request',
        operation: 'login',
        status: 'error',
        durationMs: 3,
        errorCode: 'E1',
        errorMessage: text,
        userId: secrets.email,
        attributes,
      },
      { type: 'error', errorMessage: text, stack: `Error: ${text}\n    at login (bot.js:1:1)`, attributes },
      { type: 'log', level: 'error', message: text, attributes },
      { type: 'span', name: text.slice(0, 290), durationMs: 1, attributes },
      { type: 'metric', name: 'm', value: 1, attributes },
      { type: 'deploy', name: 'v1', message: text, attributes },
      { type: 'job', name: 'nightly', status: 'error', message: text, attributes },
      { type: 'health', name: 'db', status: 'error', message: text, attributes },
      { type: 'feedback', message: text, attributes },
    ];
    const answer = await post(engine.origin, JSON.stringify(events));
    expect(await answer.json()).toMatchObject({ accepted: events.length, rejected: [] });
    // A request that is refused is a place where its content could be echoed into a log line.
    await post(engine.origin, `{"type":"nonsense","message":${JSON.stringify(text)}}`);
    await vi.waitFor(
      async () =>
        expect(await sqlRows(engine, 'SELECT count() FROM timeline')).toEqual([[String(events.length)]]),
      { timeout: 20_000 },
    );
    const views = await sqlRows(engine, 'SHOW TABLES');
    let shown = '';
    for (const [view = ''] of views) shown += JSON.stringify(await sqlRows(engine, `SELECT * FROM ${view}`));
    engine.program.kill('SIGTERM');
    const { stdout, stderr } = await engine.program.ended;
    const places = {
      log: JSON.stringify(await readLog(folder)),
      views: shown,
      output: stdout + stderr,
      files: await allBytes(folder),
    };
    expect(places.log).toContain('[redacted:');
    for (const [place, content] of Object.entries(places)) {
      for (const [name, secret] of Object.entries({ ...secrets, adminKey })) {
        expect(content.includes(secret), `${name} in the ${place}`).toBe(false);
      }
    }
    await remove();
  });
});

async function allBytes(folder: string): Promise<string> {
  let bytes = '';
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += await readFile(join(entry.parentPath, entry.name), 'latin1');
  }
  return bytes;
}

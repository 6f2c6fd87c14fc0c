import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// Put together here, so that the scan of this repository does not trip over its own test.
const token = ['gh', 'p_', 'q7Zk2mX9'.repeat(4), 'abcd'].join('');
const pem = (content: string) =>
  ['-----BEGIN RSA ', `PRIVATE KEY-----\n${content}\n-----END RSA `, 'PRIVATE KEY-----'].join('');

let folder: string;
const write = (file: string, content: string) => writeFileSync(join(folder, file), content);
const run = (command: string, ...args: string[]) =>
  spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
const scan = (...args: string[]) => run(process.execPath, resolve('scripts/secrets.mjs'), ...args);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  run('git', 'init', '--quiet');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the secret scan', () => {
  it('refuses a token that is staged, and names file, line and kind but not the token', () => {
    write('config.ts', `// Settings\nexport const key = '${token}';\n`);
    run('git', 'add', '.');
    const { status, stderr } = scan('--staged');
    expect(status).toBe(1);
    expect(stderr).toContain('config.ts:2 looks like a secret (github-token)');
    expect(stderr).not.toContain(token);
  });

  it('judges what is staged and not what lies in the folder', () => {
    write('config.ts', token);
    run('git', 'add', '.');
    write('config.ts', 'clean');
    expect(scan('--staged').status).toBe(1);
    expect(scan().status).toBe(0);
  });

  it('finds a private key, but not talk of one', () => {
    write('talk.md', `It begins with ${pem('')}`);
    expect(scan().status).toBe(0);
    write('id.pem', pem('MIIEowIBAAKCAQEA7x'.repeat(4)));
    expect(scan()).toMatchObject({ status: 1, stderr: expect.stringContaining('id.pem:1') });
  });

  it('lets a made-up token through where a comment says so, and only there', () => {
    write('a.ts', `const a = '${token}'; // secrets:allow\n`);
    write('b.ts', `// secrets:allow-file: samples\n\nconst b = '${token}';\n`);
    expect(scan().status).toBe(0);
    write('c.ts', `// secrets:allow\nconst c = '${token}';\n`);
    expect(scan()).toMatchObject({ status: 1, stderr: expect.stringContaining('c.ts:2') });
  });

  it('does not take code and prose for secrets', () => {
    const template = ['https://user:$', '{password}@db.example/x'].join('');
    write('notes.md', `Bearer realm="Chronoscope", Basic authentication, ${template}, key-id 12345678\n`);
    expect(scan()).toMatchObject({ status: 0, stdout: 'secrets: 1 files, 0 findings\n' });
  });
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lengths-'));
  mkdirSync(join(root, 'src'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (file: string, lines: number) => writeFileSync(join(root, 'src', file), 'x\n'.repeat(lines));
const check = () => spawnSync(process.execPath, ['scripts/fileLengths.mjs', root], { encoding: 'utf8' });

describe('the length of source files', () => {
  it('may be 400 lines, and is named from 251', () => {
    write('short.ts', 250);
    write('long.ts', 400);
    const { status, stdout, stderr } = check();
    expect(status).toBe(0);
    expect(stdout).toContain('0 too long');
    expect(stderr).toBe('src/long.ts: 400 lines, more than 250\n');
  });

  it('may not be 401 lines', () => {
    write('endless.ts', 401);
    expect(check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('src/endless.ts: 401 lines'),
    });
  });
});

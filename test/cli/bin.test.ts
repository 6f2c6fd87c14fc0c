import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, runProgram, startOnTerminal } from '../support/program.ts';

beforeAll(buildProgram);

describe('the program', () => {
  it('ends with 0 for help and version, on standard output', async () => {
    for (const args of [['--help'], ['help'], ['serve', '--help'], ['help', 'keys', 'create'], ['-h']]) {
      const { code, stdout, stderr } = await runProgram(args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/Usage {2}chronoscope/);
    }
    expect((await runProgram(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('answers with one JSON document when asked to', async () => {
    const json = async (...args: string[]) => {
      const { code, stdout } = await runProgram([...args, '--json']);
      return { code, ...(JSON.parse(stdout) as Record<string, unknown>) };
    };
    expect(await json('--version')).toMatchObject({ code: 0, version: expect.any(String) });
    expect(await json('--help')).toMatchObject({ code: 0, commands: expect.any(Array) });
    expect(await json('verify', '--help')).toMatchObject({ code: 0, commands: [{ name: 'verify' }] });
    expect(await json('verfy')).toMatchObject({ code: 2, error: { code: 'usage' } });
    expect(await json()).toMatchObject({ code: 2, error: { code: 'usage' } });
  });

  it('ends with 2 for wrong usage, and says what was meant', async () => {
    const cases: [string[], string][] = [
      [['verfy'], 'Did you mean "verify"?'],
      [['serve', '--prot', '1'], 'Did you mean --port?'],
      [['serve', '--port'], '--port needs a value'],
      [['doctor', 'now'], '"now" is one argument too many'],
      [['keys', 'revoke'], '<id> is missing'],
      [['keys', 'lits'], 'Did you mean "list"?'],
      [['keys', 'create', '--role', 'admn'], 'Did you mean admin?'],
      [['verify', '--url', 'ftp://x'], 'An address looks like http://127.0.0.1:7070.'],
    ];
    for (const [args, said] of cases) {
      const { code, stdout, stderr } = await runProgram(args);
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain(said);
    }
  });

  it('shows the help on standard error when nothing is asked for', async () => {
    const { code, stdout, stderr } = await runProgram([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Commands');
  });

  it('ends with 78 and a line for each fault of the configuration', async () => {
    const env = { CHRONOSCOPE_PORT: 'http', CHRONOSCOPE_DATTA: 'x' };
    const { code, stderr } = await runProgram(['serve'], env);
    expect(code).toBe(78);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(stderr).toMatch(/CHRONOSCOPE_PORT: found "http"/);
    expect(stderr).toMatch(/did you mean CHRONOSCOPE_DATA\?/);
    const asJson = await runProgram(['serve', '--json'], env);
    expect(asJson.code).toBe(78);
    expect(JSON.parse(asJson.stdout).error.faults).toHaveLength(2);
  });

  it('judges an option by the rules of the variable that it stands for', async () => {
    const { code, stderr } = await runProgram(['serve', '--port', '70000']);
    expect([code, stderr.trim().split('\n').length]).toEqual([78, 1]);
  });

  it('says that nothing answers, and what to do', async () => {
    const { code, stderr } = await runProgram(['verify', '--url', '127.0.0.1:1', '--key', 'k']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing answers at http://127.0.0.1:1');
    expect(stderr).toContain('chronoscope serve');
  });

  it('asks for a key before it calls an engine', async () => {
    const { code, stderr } = await runProgram(['keys', 'list', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toContain('CHRONOSCOPE_ADMIN_KEY');
  });

  it('takes a secret from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chronoscope-bin-'));
    const file = join(folder, 'key');
    await writeFile(file, 'a-key-that-is-long-enough\n');
    const args = ['keys', 'list', '--url', 'http://127.0.0.1:1'];
    const { stderr } = await runProgram(args, { CHRONOSCOPE_ADMIN_KEY_FILE: file });
    await rm(folder, { recursive: true });
    expect(stderr).toContain('nothing answers');
  });
});

describe('on a terminal', () => {
  const colour = '\u001b[';

  it('paints, and does not when NO_COLOR says so', async () => {
    expect((await startOnTerminal(['--help']).ended).stdout).toContain(colour);
    expect((await startOnTerminal(['--help'], { NO_COLOR: '1' }).ended).stdout).not.toContain(colour);
    expect((await startOnTerminal(['--help'], { TERM: 'dumb' }).ended).stdout).not.toContain(colour);
    expect((await runProgram(['--help'])).stdout).not.toContain(colour);
  });
});

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask } from '../support/alertWebhook.ts';
import { type LiveEngine, startEngine, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram, runProgram } from '../support/program.ts';

const rulesWith = (above: string): string => `rules:
  - name: from-file
    measure: error_rate
    by: [service]
    window: 5m
    warning: { above: ${above} }
`;

let folder = '';
let file = '';
let remove = async () => {};
let engine: LiveEngine | undefined;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  file = join(folder, 'rules.yaml');
});
afterEach(async () => {
  engine?.program.kill('SIGKILL');
  await engine?.program.ended;
  engine = undefined;
  await remove();
});

const env = () => ({ CHRONOSCOPE_DATA: folder, CHRONOSCOPE_PORT: '0', CHRONOSCOPE_RULES: file });

/** As editors and Kubernetes do it: another file takes its name. */
async function replace(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe('a file that CHRONOSCOPE_RULES names', () => {
  it('with faults ends the start with code 78 and one line for each', async () => {
    await writeFile(file, rulesWith('much').replace('window: 5m', 'window: often'));
    const { code, stderr, stdout } = await runProgram(['serve'], env());
    expect(code, stdout + stderr).toBe(78);
    const lines = stderr.split('\n').filter((line) => line.includes('CHRONOSCOPE_RULES'));
    expect(lines).toEqual([
      expect.stringMatching(/rules\.yaml: line 5, column 13: rules\[0\]\.window .*often/),
      expect.stringMatching(/rules\.yaml: line 6, column 23: rules\[0\]\.warning\.above .*much/),
    ]);
  });

  it('that is not there ends the start with code 78', async () => {
    const { code, stderr } = await runProgram(['serve'], env());
    expect(code).toBe(78);
    expect(stderr).toContain('ENOENT');
  });

  it('is read anew when it changes; with a fault, the rules before it stay', {
    timeout: 60_000,
  }, async () => {
    await writeFile(file, rulesWith('5%'));
    engine = await startEngine(folder, { CHRONOSCOPE_RULES: file });
    const running = engine;
    await running.program.says('No channel is configured');
    const shown = async () => (await ask(running, '/v1/rules')).body;
    expect(await shown()).toMatchObject({ source: 'file', rules: [{ levels: [{ threshold: 0.05 }] }] });
    expect(
      (await ask(running, '/v1/rules', { method: 'PUT', body: 'rules: []', type: 'text/plain' })).status,
    ).toBe(409);

    await replace(rulesWith('7%'));
    await vi.waitFor(async () => expect((await shown()).rules[0].levels[0].threshold).toBe(0.07), 8_000);
    expect((await shown()).rules[0].version).toBe(2);

    await replace(rulesWith('much'));
    await vi.waitFor(async () => expect((await shown()).fileFaults).toHaveLength(1), 8_000);
    const kept = await shown();
    expect(kept).toMatchObject({ text: rulesWith('7%'), fileFaults: [{ line: 6, column: 23 }] });
    await running.program.says('rules[0].warning.above');

    await replace(rulesWith('9%'));
    await vi.waitFor(async () => expect((await shown()).rules[0].levels[0].threshold).toBe(0.09), 8_000);
    expect((await shown()).fileFaults).toEqual([]);
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incidentRules, logEnd, logStart, openIncidentLog, temporaryFolder } from '../support/backtestLog.ts';
import { buildProgram, runProgram, startOnTerminal, startProgram } from '../support/program.ts';

const iso = (at: number): string => new Date(at).toISOString();
const stretch = ['--from', iso(logStart), '--to', iso(logEnd)];

describe('chronoscope backtest', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let rules: string;
  let strict: string;
  let faulty: string;

  beforeAll(async () => {
    await buildProgram();
    folder = await temporaryFolder();
    rules = join(folder.path, 'rules.yaml');
    strict = join(folder.path, 'strict.yaml');
    faulty = join(folder.path, 'faulty.yaml');
    await writeFile(rules, incidentRules());
    await writeFile(strict, incidentRules('90%'));
    await writeFile(faulty, 'rules:\n  - name: A\n    measure: none\n');
    await (await openIncidentLog(join(folder.path, 'data', 'log'))).close();
  }, 180_000);
  afterAll(() => folder.remove());

  const args = (...more: string[]) => [
    'backtest',
    ...['--data', join(folder.path, 'data'), '--rules', rules],
    ...stretch,
    ...more,
  ];

  it('tells in 80 columns what would have fired, on a folder that no engine has open', async () => {
    const { code, stdout } = await runProgram(args());
    expect(code).toBe(0);
    expect(stdout).toContain(`${iso(logStart).slice(0, 16).replace('T', ' ')} to`);
    expect(stdout).toMatch(/^RULE +FIRED +FIRING +TOLD$/m);
    expect(stdout).toMatch(/^error-rate +1 +\d+m \d+s +2$/m);
    expect(stdout).toMatch(/^● .* error-rate bot +ep_[0-9a-f]{16}$/m);
    expect(stdout).toContain('WHAT THE LOG CANNOT TELL');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }, 60_000);

  it('shows a comparison and a grid', async () => {
    const compared = await runProgram(args('--compare', strict));
    expect(compared.stdout).toContain('+ 1 added   - 0 gone');
    expect(compared.stdout).toMatch(/^error-rate +0 → 1 /m);
    const grid = await runProgram(
      args('--rule', 'error-rate', '--grid', 'thresholds=10%,20%,90% for=0s,10m'),
    );
    expect(grid.stdout).toMatch(/^> 20 % +\[1 .*\] +0/m);
    for (const line of `${compared.stdout}\n${grid.stdout}`.split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  }, 60_000);

  it('paints on a terminal only', async () => {
    expect((await startOnTerminal(args()).ended).stdout).toContain('\u001b[1mRULE');
    expect((await runProgram(args())).stdout).not.toContain('\u001b[');
  }, 60_000);

  it('keeps an alert as a fixture, which needs no engine and fails when rules decide otherwise', async () => {
    const found = JSON.parse((await runProgram(args('--json'))).stdout);
    const file = join(folder.path, 'incident.json.gz');
    const keep = await runProgram(args('--keep', found.episodes[0].id, '--out', file));
    expect([keep.code, keep.stderr]).toEqual([0, '']);
    expect((await readFile(file)).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    const same = await runProgram(['backtest', '--fixture', file]);
    expect([same.code, same.stdout]).toEqual([0, expect.stringMatching(/^✓ incident: \d+ transitions/)]);
    const other = await runProgram(['backtest', '--fixture', file, '--rules', strict]);
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/the first difference is transition 1 of/);
    expect(other.stdout).toContain('found     nothing more');
    const asJson = await runProgram(['backtest', '--fixture', file, '--rules', strict, '--json']);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ same: false, difference: { index: 0 } });
  }, 60_000);

  it('asks the engine that runs on the folder, which finds the same', async () => {
    const data = join(folder.path, 'running');
    const from = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000;
    await (await openIncidentLog(join(data, 'log'), from)).close();
    const words = ['--data', data, '--rules', rules, '--from', iso(from), '--to', iso(from + 30 * 60_000)];
    const tried = async () =>
      JSON.parse((await runProgram(['backtest', ...words, '--json'], { CHRONOSCOPE_ADMIN_KEY: key })).stdout);
    const key = 'a-key-that-is-long-enough';
    const alone = await tried();
    expect(alone).toMatchObject({ fired: 1, events: 1_800 });
    const env = { CHRONOSCOPE_PORT: '0', CHRONOSCOPE_SQL_PORT: 'off', CHRONOSCOPE_ADMIN_KEY: key };
    const engine = startProgram(['serve', '--json', '--data', data], env);
    await engine.says('"address"');
    const asked = await tried();
    const file = join(folder.path, 'kept.json');
    const kept = await runProgram(['backtest', ...words, '--keep', alone.episodes[0].id, '--out', file], {
      CHRONOSCOPE_ADMIN_KEY: key,
    });
    engine.kill('SIGTERM');
    await engine.ended;
    expect(alone.transitions[0].at).toBe(iso(Date.parse(alone.transitions[0].at)));
    expect(asked.transitions).toEqual(alone.transitions);
    expect(asked.notifications).toEqual(alone.notifications);
    expect(kept.code).toBe(0);
    expect((await runProgram(['backtest', '--fixture', file])).code).toBe(0);
  }, 120_000);

  it('says what is wrong with what it is given', async () => {
    const cases: [string[], number, string][] = [
      [['backtest', '--mode', 'backwards'], 2, 'The modes are as_arrived and as_known'],
      [['backtest', '--grid', 'thresholds=1'], 2, 'Name it with --rule'],
      [['backtest', '--rule', 'a', '--grid', 'tresholds=1'], 2, 'Did you mean thresholds?'],
      [['backtest', '--rule', 'a', '--grid', 'thresholds=x'], 2, '"x" is no figure of a grid'],
      [['backtest', '--out', 'x'], 2, 'Name an alert with --keep'],
      [['backtest', '--rules', 'none.yaml'], 1, 'none.yaml cannot be read: there is no such file'],
      [['backtest', '--fixture', rules], 1, 'is no fixture that this version can read'],
      [args('--rules', faulty), 1, '  line 2, column 11: rules[0].name is "A"'],
      [args('--rules', faulty), 1, '  line 3, column 14: rules[0].measure is "none"'],
      [args('--rule', 'error-rat'), 1, 'did you mean "error-rate"?'],
      [args('--keep', 'ep_0'), 1, 'there is no alert ep_0 in this stretch'],
    ];
    for (const [words, code, said] of cases) {
      const ended = await runProgram(words);
      expect([words, ended.code]).toEqual([words, code]);
      expect(ended.stderr).toContain(said);
    }
  }, 60_000);
});

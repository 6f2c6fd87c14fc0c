import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, type LiveEngine, sqlRows, startEngine } from '../support/liveEngine.ts';
import { buildProgram, type Ended, start } from '../support/program.ts';

let folder = '';
let engine: LiveEngine;
let keyFile = '';

beforeAll(async () => {
  await buildProgram();
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-deployed-'));
  keyFile = join(folder, 'key');
  await writeFile(keyFile, `${adminKey}\n`);
  engine = await startEngine(join(folder, 'data'));
});
afterAll(async () => {
  engine.program.kill('SIGTERM');
  await engine.program.ended;
  await rm(folder, { recursive: true, force: true });
});

const smoke = (...args: string[]): Promise<Ended> =>
  start(process.execPath, ['deploy/smokeTest.mjs', '--within', '20', ...args], {}).ended;

describe('the smoke test', () => {
  it('passes for an engine that takes an event and shows it', async () => {
    const { code, stdout } = await smoke('--url', engine.origin, '--key-file', keyFile);
    expect(stdout.match(/^ok {4}/gm)).toHaveLength(5);
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('FAIL')]);
  });

  it('holds figures against those of another engine', async () => {
    const args = ['--url', engine.origin, '--key-file', keyFile, '--compare', engine.origin];
    expect(await smoke(...args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('figures are the same'),
    });
  });

  it('fails with the reason where a key is wrong', async () => {
    const wrong = join(folder, 'wrong');
    await writeFile(wrong, 'chr_u_nobody_knows_this_key');
    const { code, stdout } = await smoke('--url', engine.origin, '--key-file', wrong, '--within', '1');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/FAIL {2}an event is taken: .*401/)]);
  });

  it('fails where nobody answers', async () => {
    const { code, stdout } = await smoke(
      '--url',
      'http://127.0.0.1:1',
      '--key-file',
      keyFile,
      '--within',
      '1',
    );
    expect([code, stdout]).toEqual([1, expect.stringContaining('FAIL  the reading side is ready')]);
  });

  it('says what it was not told', async () => {
    expect(await smoke('--key-file', keyFile)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--url'),
    });
    expect(await smoke('--url', engine.origin)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('key'),
    });
  });
});

describe('the dashboard of what the services did', () => {
  it('asks nothing that an analyst may not ask', async () => {
    const dashboard = JSON.parse(await readFile('deploy/grafana/distributed/dashboards/events.json', 'utf8'));
    const panels: { targets: { rawSql: string }[] }[] = dashboard.panels;
    const questions = panels.flatMap(({ targets }) => targets.map(({ rawSql }) => rawSql));
    expect(questions.length).toBeGreaterThan(5);
    // The data source's own macro, as it would write it out.
    for (const question of questions)
      await sqlRows(
        engine,
        question.replaceAll(/\$__timeFilter\((\w+)\)/g, '$1 >= now() - 3600 AND $1 <= now()'),
      );
  });
});

/** A stand-in for kubectl: it knows which colour each Service has, writes down what it is asked, and forwards to a port. */
const standIn = `#!/usr/bin/env node
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const state = process.env.STAND_IN_FOLDER;
const args = process.argv.slice(2).filter((arg, i, all) => arg !== '--namespace' && all[i - 1] !== '--namespace');
const line = args.join(' ');
appendFileSync(state + '/asked', line + '\\n');
if (args[0] === 'kustomize') console.log('kind: Deployment\\n      - image: chronoscope:0.1.0');
if (args[0] === 'apply') appendFileSync(state + '/applied', readFileSync(0, 'utf8'));
if (args[0] === 'get') process.stdout.write(readFileSync(state + '/' + args[2], 'utf8'));
if (args[0] === 'patch') writeFileSync(state + '/' + args[2], JSON.parse(args[4]).spec.selector['chronoscope.dev/colour']);
if (line === process.env.STAND_IN_FAILS) process.exit(1);
if (args[0] === 'port-forward') {
  console.log('Forwarding from 127.0.0.1:' + process.env.STAND_IN_PORT + ' -> 7070');
  setInterval(() => undefined, 1000);
}
`;

describe('a blue-green deploy, with a stand-in for kubectl', () => {
  const services = ['chronoscope-ingest', 'chronoscope-api'];

  async function cluster(colours: readonly [string, string], more: Record<string, string> = {}) {
    const state = await mkdtemp(join(folder, 'cluster-'));
    await writeFile(join(state, 'kubectl'), standIn, { mode: 0o755 });
    for (const [i, service] of services.entries()) await writeFile(join(state, service), colours[i] ?? '');
    const env = {
      PATH: `${state}${delimiter}${process.env.PATH}`,
      STAND_IN_FOLDER: state,
      STAND_IN_PORT: new URL(engine.origin).port,
      ...more,
    };
    const text = (name: string) => readFile(join(state, name), 'utf8').catch(() => '');
    return {
      run: (...args: string[]) => start(process.execPath, ['deploy/blueGreen.mjs', ...args], env).ended,
      colours: () => Promise.all(services.map(text)),
      applied: () => text('applied'),
      asked: async () => (await text('asked')).trim().split('\n'),
    };
  }
  const deploy = ['deploy', '--image', 'registry.example.com/chronoscope:0.2.0', '--within', '20'];

  it('gives the new colour the traffic when it has passed', async () => {
    const { run, colours, applied } = await cluster(['blue', 'blue']);
    const { code, stdout } = await run(...deploy, '--key-file', keyFile, '--compare');
    expect([code, stdout]).toEqual([0, expect.stringContaining('the way back: blueGreen.mjs switch blue')]);
    expect(await colours()).toEqual(['green', 'green']);
    expect(await applied()).toContain('image: registry.example.com/chronoscope:0.2.0');
  });

  it('leaves the traffic where it is when the smoke test fails', async () => {
    const wrong = join(folder, 'wrong');
    await writeFile(wrong, 'chr_u_nobody_knows_this_key');
    const { run, colours } = await cluster(['green', 'green']);
    const { code, stdout } = await run(...deploy, '--key-file', wrong, '--within', '1');
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('blue is not sound, and green keeps the traffic'),
    ]);
    expect(await colours()).toEqual(['green', 'green']);
  });

  it('leaves it too when the roll-out does not come to an end', async () => {
    const fails = 'rollout status deployment/chronoscope-api-green --timeout=20s';
    const { run, colours, asked } = await cluster(['blue', 'blue'], { STAND_IN_FAILS: fails });
    expect((await run(...deploy, '--key-file', keyFile)).code).toBe(1);
    expect(await colours()).toEqual(['blue', 'blue']);
    expect((await asked()).at(-1)).toBe(fails);
  });

  it('goes back to a colour that is whole', async () => {
    const { run, colours } = await cluster(['green', 'green']);
    expect((await run('switch', 'blue')).code).toBe(0);
    expect(await colours()).toEqual(['blue', 'blue']);
  });

  it('does nothing after a switch that was cut off but to finish it', async () => {
    const { run, colours } = await cluster(['green', 'blue']);
    expect(await run('retire')).toMatchObject({ code: 1, stderr: expect.stringContaining('cut off') });
    expect((await run('switch', 'green')).code).toBe(0);
    expect(await colours()).toEqual(['green', 'green']);
  });

  it('takes only the idle colour away', async () => {
    const { run, asked } = await cluster(['green', 'green']);
    expect((await run('retire')).code).toBe(0);
    expect((await asked()).at(-1)).toMatch(/^delete --ignore-not-found -k \S*colours\/blue$/);
  });

  it('takes no image without a version', async () => {
    const { run, asked } = await cluster(['blue', 'blue']);
    const { code, stderr } = await run('deploy', '--image', 'chronoscope', '--key-file', keyFile);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a tag or a digest')]);
    expect(await asked()).toEqual(['']);
  });
});

import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { eventsOf, logEvents, to } from '../contracts/logEvents.ts';
import { temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram, runProgram } from '../support/program.ts';

let folder = '';
let remove = async () => {};
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterEach(() => remove());

const at = (name: string) => join(folder, name);
const env = () => ({ CHRONOSCOPE_DATA: at('here') });
const logIn = (name: string) => openLmdbLog({ path: join(at(name), 'log'), clock: () => 1_760_000_000_000 });

async function fill(name: string, from: number): Promise<void> {
  const log = await logIn(name);
  await log.append([to('a', logEvents(from, 300))]);
  await log.close();
}

describe('chronoscope migrate', () => {
  it('moves the log of the data folder, tells the checksum, and the next time that all is there', async () => {
    await fill('here', 1);
    const first = await runProgram(['migrate', '--to', `lmdb:${at('there')}`], env());
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/^Moved 300 events in .*\.\nBoth logs have the checksum [0-9a-f]{64}\.\n$/);
    const again = await runProgram(['migrate', '--to', `lmdb:${at('there')}`, '--json'], env());
    expect(JSON.parse(again.stdout)).toMatchObject({ events: 300, present: 300 });
    const log = await logIn('there');
    expect(await eventsOf(log.read())).toHaveLength(300);
    await log.close();
  });

  it('refuses a target that holds something else, with 1', async () => {
    await fill('here', 1);
    await fill('there', 5_000);
    const { code, stderr } = await runProgram(['migrate', '--to', `lmdb:${at('there')}`], env());
    expect(code).toBe(1);
    expect(stderr).toContain('events of another log');
    expect(stderr).not.toMatch(/\bat .*\.js:/);
  });

  it.each([
    [['--to', 'postgres://x'], 'no address of a log'],
    [['--from', 'lmdb:'], 'the same log'],
    [['--to', 'lmdb:'], 'the same log'],
  ])('%j is wrong usage, with 2', async (args, said) => {
    const { code, stderr } = await runProgram(['migrate', ...args], env());
    expect([code, stderr.includes(said)]).toEqual([2, true]);
  });
});

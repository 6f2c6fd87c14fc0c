import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderLockedError, lockFolder } from '../../src/adapters/folderLock.ts';
import { ownIdentity } from '../../src/adapters/processIdentity.ts';
import { buildProgram, type Running, start } from '../support/program.ts';

const built = pathToFileURL(join(import.meta.dirname, '../../dist/adapters/folderLock.js')).href;

/** Takes the lock at `at`, says how that went, and lives on until it is told to end. */
const holderProgram = (folder: string, at: number) => `
  const { lockFolder } = await import(${JSON.stringify(built)});
  await new Promise((resolve) => setTimeout(resolve, ${at} - Date.now()));
  try {
    const lock = lockFolder(${JSON.stringify(folder)});
    console.log('held by ' + process.pid);
    setInterval(() => {}, 1000);
    process.on('SIGTERM', () => { lock.release(); process.exit(0); });
  } catch (error) {
    console.log('refused: ' + error.message);
  }
`;

describe('one engine per data folder', () => {
  let folder: string;
  const running: Running[] = [];

  const holder = (at = 0) => {
    const child = start(process.execPath, ['--input-type=module', '-e', holderProgram(folder, at)], {});
    running.push(child);
    return child;
  };

  beforeAll(buildProgram);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chronoscope-lock-'));
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
    await rm(folder, { recursive: true, force: true });
  });

  it('a second process is told which one holds the folder and since when', async () => {
    const first = holder();
    await first.says('held by');
    const second = await holder().ended;
    expect(second.stdout).toContain('refused');
    expect(second.stdout).toContain(`process ${first.pid} has held it since 20`);
    expect(second.stdout).toContain(folder);
  });

  it('the same process cannot hold it twice, and can again after it has released it', () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(FolderLockedError);
    expect(() => lockFolder(folder)).toThrow(`process ${process.pid}`);
    lock.release();
    lock.release();
    lockFolder(folder).release();
  });

  it('a released folder is free for the next process', async () => {
    const first = holder();
    await first.says('held by');
    first.kill('SIGTERM');
    await first.ended;
    await holder().says('held by');
  });

  it('what a killed process held is taken over at once', async () => {
    const first = holder();
    await first.says('held by');
    first.kill('SIGKILL');
    await first.ended;
    lockFolder(folder).release();
  });

  it('of many processes that find an abandoned lock at the same moment one gets it', async () => {
    const first = holder();
    await first.says('held by');
    first.kill('SIGKILL');
    await first.ended;
    const at = Date.now() + 1_500;
    const racers = Array.from({ length: 6 }, () => holder(at));
    const said = await Promise.all(racers.map((racer) => racer.says(/held by|refused/)));
    expect(said.filter((text) => text.includes('held by'))).toHaveLength(1);
    expect((await readdir(folder)).filter((name) => name.startsWith('engine.'))).toHaveLength(1);
  });

  const claim = async (change: Partial<ReturnType<typeof ownIdentity>>) => {
    const holder = { ...ownIdentity(), since: '2026-01-01T00:00:00.000Z', ...change };
    await writeFile(join(folder, 'engine.lock.7'), JSON.stringify(holder));
  };

  it('a process number that was given out again is not taken for the holder', async () => {
    await claim({ began: 'long before' });
    lockFolder(folder).release();
  });

  it('a lock from before the machine was started again is abandoned', async () => {
    await claim({ boot: 'another start' });
    lockFolder(folder).release();
  });

  it('a lock of another container counts while it is kept alive, and no longer', {
    timeout: 60_000,
  }, async () => {
    await claim({ space: 'pid:[1]', host: `not-${hostname()}` });
    const path = JSON.stringify(join(folder, 'engine.lock.7'));
    const beat = `setInterval(() => require('fs').utimesSync(${path}, new Date(), new Date()), 300); console.log('beats')`;
    const other = start(process.execPath, ['-e', beat], {});
    running.push(other);
    await other.says('beats');
    expect(() => lockFolder(folder)).toThrow(FolderLockedError);
    other.kill('SIGKILL');
    await other.ended;
    lockFolder(folder).release();
  });

  it('a lock file that was cut off by a power failure stops nobody', async () => {
    await writeFile(join(folder, 'engine.lock.3'), '');
    const lock = lockFolder(folder);
    expect(JSON.parse(await readFile(join(folder, 'engine.lock.4'), 'utf8'))).toMatchObject({
      pid: process.pid,
    });
    expect(existsSync(join(folder, 'engine.lock.3'))).toBe(false);
    lock.release();
  });
});

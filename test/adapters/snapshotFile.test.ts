import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snapshotFile } from '../../src/adapters/snapshotFile.ts';
import { snapshotContract } from '../contracts/snapshots.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-snapshot-'));
  path = join(folder, 'alerts.snapshot');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const text = JSON.stringify({ position: '1', état: 'ça va — 🙂'.repeat(5_000) });

snapshotContract('a file', { open: snapshotFile, makePlace: async () => path });

describe('a file that holds a snapshot', () => {
  it('leaves nothing else behind', async () => {
    const file = snapshotFile(path);
    await file.save('older');
    await file.save(text);
    expect(await readdir(folder)).toEqual(['alerts.snapshot']);
  });

  it.each<[string, () => Promise<void>]>([
    ['cut off', () => truncate(path, 100)],
    ['empty', () => writeFile(path, '')],
    ['of something else', () => writeFile(path, 'not packed at all')],
    [
      'altered in one byte',
      async () => {
        const bytes = await readFile(path);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
        await writeFile(path, bytes);
      },
    ],
  ])('that is %s is as good as none, and is replaced by the next', async (_, damage) => {
    const file = snapshotFile(path);
    await file.save(text);
    await damage();
    expect(await file.load()).toBeUndefined();
    await file.save(text);
    expect(await file.load()).toBe(text);
  });

  it('keeps the one before when the new one was cut off by a crash', async () => {
    await snapshotFile(path).save('older');
    await writeFile(`${path}.new`, 'half of the new');
    expect(await snapshotFile(path).load()).toBe('older');
    await snapshotFile(path).save(text);
    expect(await snapshotFile(path).load()).toBe(text);
  });

  it('says when it cannot be saved', async () => {
    const file = snapshotFile(path);
    await file.save('older');
    await rm(folder, { recursive: true });
    await expect(file.save(text)).rejects.toThrow('ENOENT');
    expect(await file.load()).toBeUndefined();
  });
});

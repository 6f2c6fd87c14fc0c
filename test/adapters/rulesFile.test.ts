import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchFile } from '../../src/adapters/rulesFile.ts';

let folder = '';
let file = '';
let watcher: ReturnType<typeof watchFile> | undefined;
const changed = vi.fn(async (_: string) => undefined);
const failed = vi.fn();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rules-file-'));
  file = join(folder, 'rules.yaml');
  await writeFile(file, 'a');
  vi.clearAllMocks();
});
afterEach(async () => {
  await watcher?.stop();
  await rm(folder, { recursive: true, force: true });
});

const watch = (steadyMs: number) => {
  watcher = watchFile(file, 'a', { changed, failed }, { everyMs: 1, steadyMs });
};

describe('a watched file', () => {
  it('is told of when it has changed, and only then', async () => {
    watch(5);
    await writeFile(file, 'b');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    await writeFile(file, 'c');
    await vi.waitFor(() => expect(changed.mock.calls).toEqual([['b'], ['c']]));
  });

  it('is not read by halves while somebody writes it', async () => {
    watch(1_000);
    for (let written = 1; written <= 20; written++) await writeFile(file, 'rules: '.repeat(written));
    await vi.waitFor(() => expect(changed).toHaveBeenCalled(), { timeout: 5_000 });
    expect(changed.mock.calls).toEqual([['rules: '.repeat(20)]]);
  });

  it('that cannot be taken now is offered again, and one that is not there is said once', async () => {
    changed.mockRejectedValueOnce(new Error('no room'));
    watch(1);
    await writeFile(file, 'b');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    expect(failed).toHaveBeenCalledTimes(1);
    await rm(file);
    await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(2));
    await writeFile(file, 'c');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(3));
    expect(failed).toHaveBeenCalledTimes(2);
  });

  it('can be let go at any time', async () => {
    watch(60_000);
    await writeFile(file, 'b');
    await watcher?.stop();
    expect([changed.mock.calls, failed.mock.calls]).toEqual([[], []]);
  });
});

import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What the simulated bot keeps between two runs, so that it lives through its past once only. */
const memory = z.object({
  seed: z.string(),
  /** When it was first begun; its story hangs on this. */
  anchor: z.int(),
  /** Every minute before this one was sent. */
  sentTo: z.int(),
});
export type Memory = z.infer<typeof memory>;

const fileIn = (folder: string): string => join(folder, 'demo.json');

export async function recall(folder: string): Promise<Memory | undefined> {
  try {
    return memory.parse(JSON.parse(await readFile(fileIn(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function remember(folder: string, state: Memory): Promise<void> {
  const draft = `${fileIn(folder)}.new`;
  await writeFile(draft, JSON.stringify(state));
  await rename(draft, fileIn(folder));
}

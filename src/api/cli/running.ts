import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** What an engine writes into its folder while it runs, so that commands find it. */
const engineFile = z.object({
  pid: z.int().positive(),
  address: z.url({ protocol: /^https?$/ }),
  sqlAddress: z.string().optional(),
  startedAt: z.string(),
});
export type EngineFile = z.infer<typeof engineFile>;

/** The engine that said it runs on this folder, if that process still lives. */
export async function findEngine(dataFolder: string): Promise<EngineFile | undefined> {
  const text = await readFile(join(dataFolder, 'engine.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = engineFile.safeParse(parseJson(text));
  return parsed.success && lives(parsed.data.pid) ? parsed.data : undefined;
}

const lockFile = z.object({
  pid: z.int().positive(),
  host: z.string(),
  since: z.string(),
  released: z.boolean().optional(),
});
export type LockHolder = Pick<z.infer<typeof lockFile>, 'pid' | 'host' | 'since'>;

/** Who holds a folder: an engine, or a command that has opened it. Locks are numbered; the highest counts. */
export async function findLockHolder(dataFolder: string): Promise<LockHolder | undefined> {
  const names = await readdir(dataFolder).catch(() => []);
  const numbers = names.flatMap((name) => /^engine\.lock\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  if (numbers.length === 0) return undefined;
  const file = join(dataFolder, `engine.lock.${Math.max(...numbers)}`);
  const parsed = lockFile.safeParse(parseJson(await readFile(file, 'utf8').catch(() => '')));
  if (!parsed.success || parsed.data.released) return undefined;
  const { pid, host, since } = parsed.data;
  return host !== hostname() || lives(pid) ? { pid, host, since } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Numbers of processes are used again, in containers at once; only an answer proves that an engine runs. */
export async function answers(address: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/health', address), { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

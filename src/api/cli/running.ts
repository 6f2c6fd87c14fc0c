import { readFile } from 'node:fs/promises';
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

import { readFile, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Looks at a file now and then and tells of each new text. Not by the system's notices: editors and Kubernetes replace
 * files and the links to them, which those notices miss.
 */
export function watchFile(
  path: string,
  known: string,
  tell: { changed(text: string): Promise<void>; failed(error: unknown): void },
  { everyMs = 2_000, steadyMs = 200 } = {},
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    let last = known;
    let failing = false;
    while (!signal.aborted) {
      await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const { text, writtenAt } = await look(path);
        if (text === last) {
          failing = false;
          continue;
        }
        // Half of a file that is being written may well be rules, and would end what the other half is about.
        await wait(steadyMs, undefined, { signal, ref: false });
        const after = await look(path);
        if (after.text !== text || after.writtenAt !== writtenAt) continue;
        await tell.changed(text);
        last = text;
        failing = false;
      } catch (error) {
        // Said once, not every two seconds.
        if (!failing && !signal.aborted) tell.failed(error);
        failing = true;
      }
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function look(path: string): Promise<{ text: string; writtenAt: number }> {
  const { mtimeMs: writtenAt } = await stat(path);
  return { text: await readFile(path, 'utf8'), writtenAt };
}

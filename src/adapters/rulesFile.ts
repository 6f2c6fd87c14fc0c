import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Looks at a file now and then and tells of each new text. Not by the system's notices: editors and Kubernetes replace
 * files and the links to them, which those notices miss.
 */
export function watchFile(
  path: string,
  known: string,
  tell: { changed(text: string): Promise<void>; failed(error: unknown): void },
  everyMs = 2_000,
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
        const text = await readFile(path, 'utf8');
        if (text !== last) await tell.changed(text);
        last = text;
        failing = false;
      } catch (error) {
        // Said once, not every two seconds.
        if (!failing) tell.failed(error);
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

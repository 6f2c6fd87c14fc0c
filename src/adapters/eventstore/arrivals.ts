import type { Readable } from 'node:stream';

const GATHER_MS = 20;

/**
 * What a stream brings, as it comes: whatever is there at once makes one list of at most `most`. Ends with the stream or
 * the signal, without an error for the latter, and throws what the stream fails with once all before it is handed out.
 */
export async function* arrivals<T>(
  stream: Readable,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  let failure: { error: unknown } | undefined;
  let ended = false;
  let news = false;
  let wake: (() => void) | undefined;
  const tell = (): void => {
    news = true;
    wake?.();
  };
  const onEnd = (): void => {
    ended = true;
    tell();
  };
  stream.on('readable', tell);
  stream.on('end', onEnd);
  stream.on('close', onEnd);
  // It stays: a stream that is let go may still fail, and must not take the process with it.
  stream.on('error', (error) => {
    failure ??= { error };
    tell();
  });
  signal.addEventListener('abort', tell);
  try {
    while (!signal.aborted) {
      news = false;
      const items = takeFrom<T>(stream, most);
      if (items.length > 0) yield await gather(stream, items, most);
      else if (failure !== undefined) throw failure.error;
      else if (ended) return;
      else if (!news) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    }
  } finally {
    signal.removeEventListener('abort', tell);
    stream.removeListener('readable', tell);
    // Destroyed, it would leave the call below it with something that nobody reads, and the client with a call that never
    // ends. So the rest runs out while the caller cancels.
    stream.resume();
  }
}

/** Messages come out of gRPC one or two at a turn of the event loop; those that come turn after turn belong together. */
async function gather<T>(stream: Readable, items: T[], most: number): Promise<readonly T[]> {
  const until = performance.now() + GATHER_MS;
  for (;;) {
    const before = items.length;
    if (before >= most || performance.now() > until) return items;
    await new Promise(setImmediate);
    items.push(...takeFrom<T>(stream, most - before));
    if (items.length === before) return items;
  }
}

function takeFrom<T>(stream: Readable, most: number): T[] {
  const items: T[] = [];
  while (items.length < most) {
    const item = stream.read() as T | null;
    if (item === null) break;
    items.push(item);
  }
  return items;
}

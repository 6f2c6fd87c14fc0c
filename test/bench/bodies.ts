import { type FileHandle, open } from 'node:fs/promises';
import type { createTraffic } from './traffic.ts';

/** Request bodies made beforehand, in a file: making them is the senders' work, and they are not what is measured. */
export interface Bodies {
  count: number;
  read(index: number): Promise<Buffer>;
  close(): Promise<void>;
}

export async function prepareBodies(
  path: string,
  traffic: ReturnType<typeof createTraffic>,
  options: { events: number; eventsPerBody: number },
): Promise<Bodies> {
  const file: FileHandle = await open(path, 'w+');
  const starts = [0];
  for (let made = 0; made < options.events; made += options.eventsPerBody) {
    const body = traffic.body(options.eventsPerBody);
    await file.write(body);
    starts.push((starts.at(-1) ?? 0) + body.length);
  }
  return {
    count: starts.length - 1,
    async read(index) {
      const start = starts[index] ?? 0;
      const body = Buffer.allocUnsafe((starts[index + 1] ?? start) - start);
      await file.read(body, 0, body.length, start);
      return body;
    },
    close: () => file.close(),
  };
}

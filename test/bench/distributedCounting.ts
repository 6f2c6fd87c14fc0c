import { once } from 'node:events';
import { createServer } from 'node:http';

/** An insert that came, by which of the processes, and of which lane. */
export interface Insert {
  at: number;
  process: number;
  lane: number;
  bytes: number;
}

export interface CountingStore {
  url: string;
  close(): Promise<void>;
}

/**
 * Says yes to everything in the way of a ClickHouse server and keeps nothing: what is measured through it is who inserts.
 * One for each process tells them apart.
 */
export async function openCountingStore(process: number, inserts: Insert[]): Promise<CountingStore> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://store');
    const lane = /:lane-(\d+):/.exec(url.searchParams.get('insert_deduplication_token') ?? '')?.[1];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      if (lane !== undefined) inserts.push({ at: performance.now(), process, lane: Number(lane), bytes });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://default@127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

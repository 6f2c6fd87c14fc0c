import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { adminKey, type EngineProcess } from './engine.ts';

export interface Received {
  at: number;
  path: string;
  /** As the senders have it; both name their alerts alike. */
  services: readonly string[];
}

export interface Receiver {
  url(path: string): string;
  received: readonly Received[];
  close(): Promise<void>;
}

/** Who is told: takes what Chronoscope and Alertmanager post, and remembers when it came. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (asked, answer) => {
    const at = Date.now();
    let text = '';
    for await (const chunk of asked.setEncoding('utf8')) text += chunk;
    answer.end();
    const { alerts } = JSON.parse(text) as { alerts: { labels: { service?: string } }[] };
    received.push({ at, path: asked.url ?? '', services: alerts.map(({ labels }) => labels.service ?? '') });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Fired {
  rule: string;
  service: string;
  /** To which evaluation it belongs, and when the log had it. */
  at: number;
  recordedAt: number;
}

/** Every AlertFired from now on, as the live stream tells it. */
export async function watchFired(
  engine: EngineProcess,
): Promise<{ fired: readonly Fired[]; close: () => void }> {
  const fired: Fired[] = [];
  const headers = { authorization: `Bearer ${adminKey}` };
  const asked = request(`${engine.origin}/v1/live?type=AlertFired`, { headers });
  const connected = new Promise<void>((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', (answer) => {
      const lines = createInterface({ input: answer });
      lines.on('line', (line) => {
        if (line.startsWith('data: {')) fired.push(firedOf(line.slice('data: '.length)));
      });
      // The line is cut when enough has been heard.
      lines.on('error', () => undefined);
      resolve();
    });
  });
  asked.end();
  await connected;
  asked.on('error', () => undefined);
  return { fired, close: () => asked.destroy() };
}

function firedOf(line: string): Fired {
  const { recordedAt, data } = JSON.parse(line) as {
    recordedAt: string;
    data: { rule: string; labels: { service?: string }; at: number };
  };
  const { rule, labels, at } = data;
  return { rule, service: labels.service ?? '', at, recordedAt: Date.parse(recordedAt) };
}

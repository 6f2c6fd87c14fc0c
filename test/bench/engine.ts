import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../bin/chronoscope.mjs', import.meta.url));

/** The program as an operator starts it, in a process of its own. */
export interface EngineProcess {
  pid: number;
  origin: string;
  readyAfterMs: number;
  peakRssBytes(): number;
  /** Of the peak, without the pages of mapped files (the engine's library, the log), which the system can take back. */
  peakOwnBytes(): number;
  /** Processor time that it has had so far: what others do on the machine does not change it much. */
  processorMs(): Promise<number>;
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

export const adminKey = 'chr_bench_admin_key_of_at_least_32_characters';

export async function startEngine(folder: string, env: Record<string, string> = {}): Promise<EngineProcess> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, 'serve'], {
    env: {
      ...process.env,
      CHRONOSCOPE_DATA: folder,
      CHRONOSCOPE_PORT: '0',
      CHRONOSCOPE_SQL_PORT: 'off',
      CHRONOSCOPE_ADMIN_KEY: adminKey,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const origin = await printedAddress(child);
  await untilReady(origin);
  const readyAfterMs = performance.now() - started;
  const pid = child.pid ?? 0;
  let peak = 0;
  let peakOwn = 0;
  const sampling = setInterval(async () => {
    const { all, own } = await residentBytes(pid);
    peak = Math.max(peak, all);
    peakOwn = Math.max(peakOwn, own);
  }, 250);
  return {
    pid,
    origin,
    readyAfterMs,
    peakRssBytes: () => peak,
    peakOwnBytes: () => peakOwn,
    processorMs: () => processorMs(pid),
    residentBytes: async () => (await residentBytes(pid)).own,
    async stop() {
      clearInterval(sampling);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function printedAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no output to read'));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const found = /https?:\/\/[\w.[\]:-]+:\d+/.exec(line);
      if (found !== null) resolve(found[0]);
    });
    child.once('exit', (code) => reject(new Error(`the engine ended with ${code} before it was up`)));
  });
}

async function untilReady(origin: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${origin}/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function residentBytes(pid: number): Promise<{ all: number; own: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  return { all: bytes('VmRSS'), own: bytes('RssAnon') };
}

/** Linux counts in hundredths of a second. */
const tickMs = 10;

export async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** A bare request: the load generator shares two cores with what it measures. */
export function call(
  origin: string,
  path: string,
  options: { method?: string; body?: Buffer; type?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}${path}`,
      {
        agent,
        method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(options.body === undefined
            ? {}
            : {
                'content-type': options.type ?? 'application/x-ndjson',
                'content-length': options.body.length,
              }),
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

export async function json<T>(
  origin: string,
  path: string,
  options?: Parameters<typeof call>[2],
): Promise<T> {
  const { status, text } = await call(origin, path, options);
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createIngest } from '../../src/api/ingest.ts';
import { laneOf } from '../../src/domain/lanes.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import type { EventLog, StreamAppend } from '../../src/projections/ports.ts';
import { processorMs } from './engine.ts';
import { bytesOf } from './scenarios.ts';
import { createTraffic } from './traffic.ts';

export const lanes = 8;

const servicesOfLane = 8;

/** Every lane has as many of them as every other: what is measured is a process, and not how they happen to lie. */
export const services: readonly string[] = Array.from({ length: lanes }, (_, lane) => {
  const found: string[] = [];
  for (let number = 0; found.length < servicesOfLane; number++) {
    const service = `service-${number}`;
    if (laneOf({ project: 'default', service }, lanes) === lane) found.push(service);
  }
  return found;
}).flat();

export const newTopic = (): string => `chronoscope-bench-${randomUUID()}`;

export const trafficOf = (events: number, seed = 7) =>
  createTraffic({ seed, services, start: Date.now() - 7_200_000, eventsPerSecond: events / 7_000 });

const perCall = 1_000;

/** The traffic as a log is given it; `append` may do with it as it likes. */
export async function ingestInto(append: EventLog['append'], events: number, seed?: number): Promise<void> {
  const newId = createUuidV7Factory({ now: Date.now, randomBytes });
  const ingest = createIngest({ log: { append }, redact: (event) => event, newId, clock: Date.now });
  const traffic = trafficOf(events, seed);
  for (let done = 0; done < events; done += perCall) {
    const lines = traffic.body(perCall).toString().trimEnd().split('\n');
    await ingest.accept(
      lines.map((line) => JSON.parse(line)),
      { project: 'default' },
    );
  }
}

/** The same events, those of a call over so many streams. */
export function spread(appends: readonly StreamAppend[], streams: number): StreamAppend[] {
  const spreading = Array.from({ length: streams }, (_, number) => ({
    stream: `bench-${number}`,
    events: [] as StreamAppend['events'][number][],
    expected: 'any' as const,
  }));
  const all = appends.flatMap(({ events }) => events);
  for (const [index, event] of all.entries()) spreading[index % streams]?.events.push(event);
  return spreading.filter(({ events }) => events.length > 0);
}

export interface Spent {
  seconds: number;
  processorMs: number;
}

export const microsOf = ({ processorMs: ms }: Pick<Spent, 'processorMs'>, events: number): number =>
  (ms * 1_000) / events;

export const micros = (value: number): string => `${value.toFixed(1)} µs`;

/** Of this process, from now on. */
export function startWatch(): () => Spent {
  const [started, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - started) / 1_000, processorMs: (user + system) / 1_000 };
  };
}

const program = fileURLToPath(new URL('./distributedProgram.js', import.meta.url));

export interface Helper<T> {
  pid: number;
  said: T;
  stop(): Promise<void>;
}

/** One of the programs of `distributedProgram.ts` in a process of its own, and the one line that it says. */
export async function startHelper<T>(name: string, options: object): Promise<Helper<T>> {
  const child: ChildProcess = spawn(process.execPath, [program, name, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  if (child.stdout === null) throw new Error('no output to read');
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([once(lines, 'line').then(([text]) => String(text)), ended]);
  if (typeof line !== 'string') throw new Error(`${name} ended without a word`);
  return {
    pid: child.pid ?? 0,
    said: JSON.parse(line) as T,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export async function runHelper<T>(name: string, options: object): Promise<T> {
  const helper = await startHelper<T>(name, options);
  await helper.stop();
  return helper.said;
}

/** Processor time so far of the broker, which is a child of this process. */
export async function brokerMs(): Promise<number> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  let sum = 0;
  for (const pid of children.split(' ').filter((text) => text !== '')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('kafka.Kafka')) sum += await processorMs(Number(pid));
  }
  return sum;
}

/** On the broker's disk. */
export async function bytesOfTopic(topic: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith('chronoscope-kafka-')) continue;
    const data = join(tmpdir(), name, 'data');
    for (const partition of await readdir(data).catch(() => [])) {
      if (partition.startsWith(`${topic}-`)) sum += await bytesOf(join(data, partition));
    }
  }
  return sum;
}

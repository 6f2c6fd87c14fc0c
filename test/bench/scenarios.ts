import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bodies } from './bodies.ts';
import { call, type EngineProcess, json } from './engine.ts';
import { type Figure, percentile } from './figures.ts';
import { createTraffic } from './traffic.ts';

/** As many events as the bodies hold, as fast as they are acknowledged; then until all are queryable. */
export async function fill(
  engine: EngineProcess,
  bodies: Bodies,
  onMillion: (seconds: number) => void,
): Promise<{ acknowledgedPerSecond: number; queryablePerSecond: number; position: string }> {
  const started = performance.now();
  let sent = 0;
  let acknowledged = 0;
  let position = '';
  let millionStarted = started;
  const client = async () => {
    while (sent < bodies.count) {
      const answer = await json<{ accepted: number; position: string }>(engine.origin, '/v1/events', {
        body: await bodies.read(sent++),
      });
      position = later(position, answer.position);
      const before = acknowledged;
      acknowledged += answer.accepted;
      if (Math.floor(before / 1e6) !== Math.floor(acknowledged / 1e6)) {
        onMillion((performance.now() - millionStarted) / 1000);
        millionStarted = performance.now();
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
  const acknowledgedSeconds = (performance.now() - started) / 1000;
  await queryable(engine, position, 600);
  const queryableSeconds = (performance.now() - started) / 1000;
  return {
    acknowledgedPerSecond: acknowledged / acknowledgedSeconds,
    queryablePerSecond: acknowledged / queryableSeconds,
    position,
  };
}

const later = (a: string, b: string): string => (Number(b) > Number(a || 0) ? b : a);

export async function queryable(engine: EngineProcess, position: string, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 5) {
    const { status } = await call(engine.origin, `/v1/positions?after=${position}&wait=5s`);
    if (status === 200) return;
  }
  throw new Error(`position ${position} was not queryable within ${seconds} s`);
}

/** Ten thousand events a second in batches of 100, sent by the clock whether or not earlier ones are answered. */
export async function offeredLoad(engine: EngineProcess, seconds: number): Promise<Figure[]> {
  const perBatch = 100;
  const everyMs = 10;
  const traffic = createTraffic({ seed: 11, start: Date.now(), eventsPerSecond: 10_000 });
  const acknowledged: number[] = [];
  const visible: number[] = [];
  const open: Promise<void>[] = [];
  const started = performance.now();
  for (let i = 0; i < (seconds * 1000) / everyMs; i++) {
    const due = started + i * everyMs;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const body = traffic.body(perBatch);
    open.push(
      (async () => {
        const { position } = await json<{ position: string }>(engine.origin, '/v1/events', { body });
        const at = performance.now();
        // Measured from the moment when it was due: a sender that was held up counts as well.
        acknowledged.push(at - due);
        if (i % 20 !== 0) return;
        await queryable(engine, position, 30);
        visible.push(performance.now() - at);
      })(),
    );
  }
  await Promise.all(open);
  return [
    { name: 'acknowledged at 10,000 events/s, p50', value: percentile(acknowledged, 0.5), unit: 'ms' },
    {
      name: 'acknowledged at 10,000 events/s, p99',
      value: percentile(acknowledged, 0.99),
      unit: 'ms',
      aim: { atMost: 50 },
    },
    { name: 'visible after that, p50', value: percentile(visible, 0.5), unit: 'ms' },
    { name: 'visible after that, p99', value: percentile(visible, 0.99), unit: 'ms', aim: { atMost: 1000 } },
  ];
}

/** Every read of the contract, one after the other, as a person or a dashboard asks. */
export async function reads(engine: EngineProcess, rounds: number): Promise<Figure[]> {
  const { requests } = await json<{ requests: { requestId: string }[] }>(
    engine.origin,
    '/v1/requests?window=3h&limit=50',
  );
  const ids = requests.map((r) => r.requestId);
  const { groups } = await json<{ groups: { fingerprint: string }[] }>(engine.origin, '/v1/errors?window=3h');
  const paths: [string, (i: number) => string, number][] = [
    ['/v1/latency', () => '/v1/latency?window=3h', 50],
    ['/v1/errors', () => '/v1/errors?window=1h', 50],
    ['/v1/kpis', () => '/v1/kpis?window=1h', 50],
    ['/v1/series p95', () => '/v1/series?metric=p95&step=1m&window=3h', 50],
    ['/v1/requests newest', () => '/v1/requests?window=3h&limit=50', 50],
    ['/v1/requests of a user', (i) => `/v1/requests?window=3h&user=u${i * 7}&limit=20`, 50],
    ['/v1/errors/<fingerprint>', (i) => `/v1/errors/${groups[i % groups.length]?.fingerprint}?window=1h`, 50],
    ['/v1/positions', () => '/v1/positions', 50],
    ['/v1/status', () => '/v1/status', 50],
    ['/v1/requests/<id>', (i) => `/v1/requests/${ids[i % ids.length]}`, 20],
  ];
  const figures: Figure[] = [];
  for (const [name, path, atMost] of paths) {
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const started = performance.now();
      await json(engine.origin, path(i));
      times.push(performance.now() - started);
    }
    const note = `p50 ${percentile(times, 0.5).toFixed(1)} ms`;
    figures.push({ name: `${name}, p99`, value: percentile(times, 0.99), unit: 'ms', aim: { atMost }, note });
  }
  return figures;
}

/** Rebuilds the requests, with all their rollups, and follows the job. */
export async function rebuildSpeed(engine: EngineProcess, events: number): Promise<Figure> {
  const started = performance.now();
  const { job } = await json<{ job: { id: string } }>(engine.origin, '/v1/rebuilds', {
    method: 'POST',
    body: Buffer.from('{"projections":["requests"]}'),
    type: 'application/json',
  });
  for (;;) {
    const answer = await json<{ job: { state: string; error?: unknown } }>(
      engine.origin,
      `/v1/jobs/${job.id}`,
    );
    if (answer.job.state === 'failed') throw new Error(`the rebuild failed: ${JSON.stringify(answer.job)}`);
    if (answer.job.state !== 'running' && answer.job.state !== 'queued') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    name: 'rebuild of requests and rollups from the log',
    value: events / seconds,
    unit: 'events/s',
    aim: { atLeast: 200_000 },
  };
}

/** The bytes in a folder when nothing has gone from it for a while: merged parts leave those behind that they replace. */
export async function settledBytesOf(folder: string): Promise<number> {
  let least = await bytesOf(folder);
  for (let calm = 0; calm < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const now = await bytesOf(folder);
    calm = now < least * 0.98 ? 0 : calm + 1;
    least = Math.min(least, now);
  }
  return least;
}

export async function bytesOf(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const { blocks } = await stat(join(entry.parentPath, entry.name)).catch(() => ({ blocks: 0 }));
    total += blocks * 512;
  }
  return total;
}

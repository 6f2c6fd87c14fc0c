import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinRules } from '../../src/domain/alerts/rules/builtin.ts';
import { sendEvents } from './alertsDelay.ts';
import { prepareBodies } from './bodies.ts';
import { type EngineProcess, json, startEngine } from './engine.ts';
import type { Figure } from './figures.ts';
import { fill } from './scenarios.ts';
import { pause, steadily } from './steady.ts';
import { createTraffic } from './traffic.ts';

/** What alerts cost that are not needed: processor time and throughput with the built-in rules and without any. */

const dayMs = 86_400_000;
const aMillionADay = 1e6 / 86_400;
/** One after the other and back again: what else the machine does weighs on both alike. */
const turns = ['none', 'builtin', 'builtin', 'none'] as const;

interface Spent {
  seconds: number;
  processorMs: number;
}

export async function costOfAlerts(
  events: number,
  rulesFile: (text: string) => Promise<string>,
): Promise<Figure[]> {
  const files = { none: await rulesFile('rules: []\n'), builtin: await rulesFile(builtinRules) };
  const spent = { none: { seconds: 0, processorMs: 0 }, builtin: { seconds: 0, processorMs: 0 } };
  for (const turn of turns) {
    const { seconds, processorMs } = await filled(events, { CHRONOSCOPE_RULES: files[turn] });
    spent[turn].seconds += seconds;
    spent[turn].processorMs += processorMs;
  }
  const micros = (one: Spent) => (one.processorMs * 1_000) / (2 * events);
  return [
    {
      name: 'ingest with the built-in rules, of that without rules',
      value: spent.none.seconds / spent.builtin.seconds,
      unit: '',
      note: `${Math.round((2 * events) / spent.builtin.seconds).toLocaleString('en-US')} events/s through to queryable and decided`,
    },
    {
      name: 'processor time of an event, for its alerts',
      value: micros(spent.builtin) - micros(spent.none),
      unit: 'µs',
      note: `of ${micros(spent.builtin).toFixed(1)} µs`,
    },
  ];
}

async function filled(events: number, env: Record<string, string>): Promise<Spent> {
  return inEngine(env, async (engine, folder) => {
    const traffic = createTraffic({
      seed: 7,
      start: Date.now() - 7_200_000,
      eventsPerSecond: events / 7_000,
    });
    const bodies = await prepareBodies(join(folder, 'bodies'), traffic, { events, eventsPerBody: 1_000 });
    const [started, processorBefore] = [performance.now(), await engine.processorMs()];
    const { position } = await fill(engine, bodies, () => undefined);
    await decidedUpTo(engine, position);
    const seconds = (performance.now() - started) / 1_000;
    const processorMs = (await engine.processorMs()) - processorBefore;
    await bodies.close();
    return { seconds, processorMs };
  });
}

interface Positions {
  followers?: Record<string, { position?: string }>;
}

async function decidedUpTo(engine: EngineProcess, position: string): Promise<void> {
  for (;;) {
    const { followers } = await json<Positions>(engine.origin, '/v1/positions');
    if (Number(followers?.alerts?.position ?? position) >= Number(position)) return;
    await pause(20);
  }
}

const idleMs = 20_000;

/** Three services that have been heard and say nothing: nothing should be left to do. */
export async function idleCost(rulesFile: (text: string) => Promise<string>): Promise<Figure[]> {
  const [none, builtin] = [
    await idle({ CHRONOSCOPE_RULES: await rulesFile('rules: []\n') }),
    await idle({ CHRONOSCOPE_RULES: await rulesFile(builtinRules) }),
  ];
  return [
    {
      name: 'processor time when idle, for alerts',
      value: (builtin.processorMs - none.processorMs) / (idleMs / 1_000),
      unit: 'ms/s',
      note: `of ${((builtin.processorMs * 1_000) / idleMs).toFixed(1)} ms/s`,
    },
    {
      name: 'resident memory when idle, for alerts',
      value: (builtin.bytes - none.bytes) / 1e6,
      unit: 'MB',
      note: `of ${Math.round(builtin.bytes / 1e6)} MB`,
    },
  ];
}

async function idle(env: Record<string, string>): Promise<{ processorMs: number; bytes: number }> {
  return inEngine(env, async (engine) => {
    const traffic = createTraffic({ seed: 3, start: Date.now(), eventsPerSecond: 100 });
    const lines = traffic.body(1_000).toString().trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as object);
    await steadily(
      100,
      (turn) => turn < 100,
      (turn) => sendEvents(engine, events.slice(turn * 10, turn * 10 + 10)),
    );
    await pause(10_000);
    const before = await engine.processorMs();
    await pause(idleMs);
    return { processorMs: (await engine.processorMs()) - before, bytes: await engine.residentBytes() };
  });
}

/** Three days at a million a day, which is as sparse as such days are, and the same number within two hours. */
export async function backtestSpeed(events: number): Promise<Figure[]> {
  const daily = await backtested(events, aMillionADay);
  const dense = await backtested(events, events / 7_000);
  const monthOfEvents = 30e6;
  return [
    {
      name: 'back-test of the built-in rules, a million events a day',
      value: daily.perSecond,
      unit: 'events/s',
      aim: { atLeast: 300_000 },
      note: `${daily.microsPerEvent.toFixed(1)} µs of processor time for an event`,
    },
    {
      name: 'back-test of a month of a million a day',
      value: monthOfEvents / daily.perSecond,
      unit: 's',
      aim: { atMost: 90 },
      note: `extrapolated from ${events.toLocaleString('en-US')} events`,
    },
    {
      name: 'back-test of the same number within two hours',
      value: dense.perSecond,
      unit: 'events/s',
      aim: { atLeast: 300_000 },
      note: `${dense.microsPerEvent.toFixed(1)} µs of processor time for an event`,
    },
  ];
}

interface Speed {
  perSecond: number;
  microsPerEvent: number;
}

async function backtested(events: number, eventsPerSecond: number): Promise<Speed> {
  return inEngine({}, async (engine, folder) => {
    const spanMs = (events / eventsPerSecond) * 1_000;
    const traffic = createTraffic({ seed: 5, start: Date.now() - spanMs - 200_000, eventsPerSecond });
    const bodies = await prepareBodies(join(folder, 'bodies'), traffic, { events, eventsPerBody: 1_000 });
    const { position } = await fill(engine, bodies, () => undefined);
    await decidedUpTo(engine, position);
    await bodies.close();
    return speedOfBacktest(engine, Date.now() - spanMs - dayMs);
  });
}

interface Job {
  id: string;
  state: string;
  result?: { events: number };
}

async function speedOfBacktest(engine: EngineProcess, from: number): Promise<Speed> {
  const [started, processorBefore] = [performance.now(), await engine.processorMs()];
  const body = Buffer.from(JSON.stringify({ from: new Date(from).toISOString() }));
  const asked = await json<{ job: Job }>(engine.origin, '/v1/backtests', { body, type: 'application/json' });
  for (let { job } = asked; ; ) {
    if (job.state === 'succeeded') {
      const { events } = job.result ?? { events: 0 };
      const processorMs = (await engine.processorMs()) - processorBefore;
      const seconds = (performance.now() - started) / 1_000;
      return { perSecond: events / seconds, microsPerEvent: (processorMs * 1_000) / events };
    }
    if (job.state !== 'running' && job.state !== 'queued')
      throw new Error(`it ended as ${JSON.stringify(job)}`);
    await pause(50);
    ({ job } = await json<{ job: Job }>(engine.origin, `/v1/jobs/${job.id}`));
  }
}

async function inEngine<T>(
  env: Record<string, string>,
  work: (engine: EngineProcess, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-bench-'));
  const engine = await startEngine(folder, { CHRONOSCOPE_LOG_LEVEL: 'warn', ...env });
  try {
    return await work(engine, folder);
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

import type { NativeType } from '../native/schema.ts';
import { acquireTimeoutMs, poolTimeout } from './faults.ts';
import { createRandom, drawUuid, type Random } from './random.ts';
import type { SimulatedEvent } from './requests.ts';
import { quotaWindowMs, type Service, type Story, services } from './story.ts';

/** What the bot's programs report without being asked: metrics, health, jobs, quota, deploys. */
export interface Minute {
  start: number;
  requests: number;
  /** What is left of the code host's quota at the minute's end. */
  quotaLeft: number;
  quota: number;
}

type Fields = Omit<SimulatedEvent, 'id' | 'time' | 'type' | 'service'>;
type Say = (offsetMs: number, type: NativeType, service: Service, fields: Fields) => void;

const minuteMs = 60_000;

export function backgroundOf(seed: string, story: Story, minute: Minute): SimulatedEvent[] {
  const random = createRandom(`${seed} background ${minute.start}`);
  const events: SimulatedEvent[] = [];
  const say: Say = (offsetMs, type, service, fields) => {
    const time = Math.round(minute.start + offsetMs);
    events.push({ id: drawUuid(random, time), time, type, service, ...fields });
  };
  for (const offset of [0, 30_000]) poolMetrics(story, minute.start + offset, offset, random, say);
  programMetrics(minute, random, say);
  healthChecks(story, minute, random, say);
  jobs(story, minute, random, say);
  const left = { limit: minute.quota, resetAt: story.quotaWindowStart(minute.start) + quotaWindowMs };
  say(55_000, 'rate_limit', 'worker', { name: 'code host', value: minute.quotaLeft, attributes: left });
  for (const deploy of story.deploys(minute.start, minute.start + minuteMs)) {
    const { time, service, version, message, attributes } = deploy;
    const name = `${service} ${version}`;
    say(time - minute.start, 'deploy', service, {
      name,
      status: 'success',
      message,
      attributes: { version, ...attributes },
    });
  }
  return events;
}

function poolMetrics(story: Story, time: number, offset: number, random: Random, say: Say): void {
  const pressure = story.pressure(time);
  const size = story.poolSize(time);
  const wanted = 2 + random.poisson(3) + Math.round(60 * pressure * random.between(0.7, 1.1));
  const gauge = (name: string, value: number) =>
    say(offset, 'metric', 'worker', { name, metricType: 'gauge', value, unit: 'connections' });
  gauge('db.pool.max', size);
  gauge('db.pool.in_use', Math.min(size, wanted));
  gauge('db.pool.waiting', Math.max(0, wanted - size));
}

function programMetrics({ start, requests }: Minute, random: Random, say: Say): void {
  for (const service of services) {
    const breath = Math.sin(start / 5_400_000 + service.length);
    const metric = (
      name: string,
      metricType: 'gauge' | 'counter' | 'histogram' | 'summary',
      value: number,
      unit: string,
    ) => say(10_000, 'metric', service, { name, metricType, value: Math.round(value * 100) / 100, unit });
    metric('process.memory', 'gauge', 180 + 25 * breath + random.between(0, 12), 'MB');
    metric('process.cpu', 'gauge', 8 + requests * 0.4 + random.between(0, 6), '%');
    if (service !== 'bot') continue;
    metric('messages.received', 'counter', requests, 'messages');
    metric('message.size', 'histogram', random.logNormal(420, 0.9), 'bytes');
    metric('event_loop.delay', 'summary', random.logNormal(1.6, 0.5), 'ms');
  }
}

function healthChecks(story: Story, { start, quotaLeft }: Minute, random: Random, say: Say): void {
  const pressure = story.pressure(start + 20_000);
  const jammed = pressure > 0.85;
  const states = {
    bot: ['bot', jammed ? 'degraded' : 'healthy', random.logNormal(3, 0.3)],
    database: [
      'worker',
      jammed ? 'unhealthy' : pressure > 0.3 ? 'degraded' : 'healthy',
      4 + 4_000 * pressure,
    ],
    'code host': ['worker', quotaLeft === 0 ? 'degraded' : 'healthy', random.logNormal(120, 0.3)],
  } as const;
  for (const [name, [service, state, ms]] of Object.entries(states)) {
    say(20_000, 'health', service, { name, durationMs: Math.round(ms * 100) / 100, attributes: { state } });
  }
}

/** Jobs run by the clock: what each is called, how often, and how long it takes. */
const timetable = [
  { name: 'cache_warmup', everyMinutes: 15, atMinute: 5, medianMs: 2_100, needsDatabase: false },
  { name: 'index_documents', everyMinutes: 10, atMinute: 2, medianMs: 9_500, needsDatabase: true },
  { name: 'daily_report', everyMinutes: 1_440, atMinute: 420, medianMs: 31_000, needsDatabase: true },
  { name: 'cleanup', everyMinutes: 1_440, atMinute: 180, medianMs: 18_000, needsDatabase: true },
] as const;

function jobs(story: Story, { start }: Minute, random: Random, say: Say): void {
  const clock = Math.floor(start / minuteMs) % 1_440;
  for (const { name, everyMinutes, atMinute, medianMs, needsDatabase } of timetable) {
    if (clock % everyMinutes !== atMinute) continue;
    const fails = needsDatabase && random.chance(story.pressure(start) * 0.9);
    const durationMs = Math.round(fails ? acquireTimeoutMs : random.logNormal(medianMs, 0.25));
    say(0, 'job', 'worker', { name, attributes: { state: 'started' } });
    if (!fails) {
      say(durationMs, 'job', 'worker', { name, status: 'success', durationMs });
      continue;
    }
    const pool = { size: story.poolSize(start), waiting: 30 + random.int(20) };
    const fault = poolTimeout(pool, drawUuid(random, start), `${name} (/app/src/jobs.ts:77:9)`);
    const { code: errorCode, message: errorMessage } = fault;
    say(durationMs, 'job', 'worker', { name, status: 'error', durationMs, errorCode, errorMessage });
  }
}

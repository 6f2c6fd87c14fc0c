import { type EngineProcess, json } from './engine.ts';
import { type Figure, percentile } from './figures.ts';
import { type Fired, type Receiver, watchFired } from './receiver.ts';
import { pause, steadily } from './steady.ts';

/** From the event to the decision, and from the decision to whoever is told. */

const latenessMs = 1_000;
const everyMs = 1_000;
const enough = 5;
const ruleOfFailures = (name: string, operation: string, atLeast: number) => `
  - name: ${name}
    measure: failed_requests
    select: { operation: ${operation} }
    by: [service]
    window: 10s
    every: ${everyMs}ms
    critical: { atLeast: ${atLeast} }`;

/** Added to the built-in rules, which run beside it as they do for everyone. */
export const ruleForDecisions = ruleOfFailures('bench-decided', 'ask', enough);

/** What ends while others are measured would be told in between. */
const ends = `
    keepFiringFor: 10m`;
export const rulesForDelivery = `lateness: ${latenessMs}ms
rules:${ruleOfFailures('at-once', 'first', 1)}${ends}${ruleOfFailures('after-waiting', 'second', 1)}${ends}
routes:
  - { name: at-once, match: { rule: at-once }, groupBy: [rule, service], groupWait: 0s }
  - { name: after-waiting, match: { rule: after-waiting }, groupBy: [rule, service], groupWait: 2s }
`;

export const sendEvents = (engine: EngineProcess, events: readonly object[]) =>
  json<{ accepted: number }>(engine.origin, '/v1/events', {
    body: Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')),
  });

export const requestOf = (service: string, operation: string, time: number, failing: boolean) => ({
  type: 'request',
  time,
  service,
  operation,
  status: failing ? 'error' : 'success',
  durationMs: 12,
  ...(failing && { errorCode: 'ETIMEDOUT', errorMessage: 'connect ETIMEDOUT 10.0.3.17:5432 after 5000 ms' }),
});

const faults = 30;
const batchEveryMs = 50;
const eventsPerBatch = 50;
/** Five services begin to fail at a time, at moments that have nothing to do with the evaluations. */
const faultsAtOnce = 5;
const warmUpMs = 5_000;
const waveEveryMs = 2_170;

interface Sent {
  time: number;
  acknowledgedAt: number;
}

/** A thousand events a second from thirty services, which one after the other begin to fail. */
export async function decisionDelay(engine: EngineProcess): Promise<Figure[]> {
  const { fired, close } = await watchFired(engine);
  const batches: Sent[] = [];
  const failures = new Map<string, number>();
  const crossedAt = new Map<string, Sent>();
  const started = Date.now();
  const isFailing = (service: number, now: number) =>
    now >= started + warmUpMs + Math.floor(service / faultsAtOnce) * waveEveryMs;
  const lastMs = warmUpMs + (faults / faultsAtOnce) * waveEveryMs + 5_000;

  await steadily(
    batchEveryMs,
    () => Date.now() < started + lastMs,
    async (turn) => {
      const time = Date.now();
      const crossing: string[] = [];
      const events = Array.from({ length: eventsPerBatch }, (_, i) => {
        const number = (turn * eventsPerBatch + i) % faults;
        const service = `service-${number}`;
        const failing = isFailing(number, time);
        const failed = (failures.get(service) ?? 0) + (failing ? 1 : 0);
        failures.set(service, failed);
        if (failing && failed === enough) crossing.push(service);
        return requestOf(service, 'ask', time, failing);
      });
      await sendEvents(engine, events);
      const sent = { time, acknowledgedAt: Date.now() };
      batches.push(sent);
      for (const service of crossing) crossedAt.set(service, sent);
    },
  );
  close();
  const mine = fired.filter(({ rule }) => rule === 'bench-decided');
  return decisionFigures(mine, batches, crossedAt);
}

function decisionFigures(
  fired: readonly Fired[],
  batches: readonly Sent[],
  crossedAt: ReadonlyMap<string, Sent>,
): Figure[] {
  if (fired.length < faults) throw new Error(`${fired.length} of ${faults} faults became alerts`);
  const whole: number[] = [];
  const after: number[] = [];
  for (const { service, at, recordedAt } of fired) {
    const crossing = crossedAt.get(service);
    // Each batch has events of every service, so that the first one late enough moves the watermark.
    const moving = batches
      .filter(({ time }) => time >= at + latenessMs)
      .reduce((first, { acknowledgedAt }) => Math.min(first, acknowledgedAt), Number.POSITIVE_INFINITY);
    if (crossing === undefined) throw new Error(`${service} fired and did not fail`);
    whole.push(recordedAt - crossing.acknowledgedAt);
    after.push(recordedAt - moving);
  }
  const note = `${fired.length} faults; evaluated every ${everyMs / 1000} s, lateness ${latenessMs / 1000} s`;
  return [
    { name: 'recorded to decided, p50', value: percentile(whole, 0.5), unit: 'ms', note },
    { name: 'recorded to decided, p99', value: percentile(whole, 0.99), unit: 'ms' },
    {
      name: 'of which after the watermark, p50',
      value: percentile(after, 0.5),
      unit: 'ms',
      note: 'from the acknowledgement of the batch that moves the watermark past the evaluation',
    },
    {
      name: 'of which after the watermark, p99',
      value: percentile(after, 0.99),
      unit: 'ms',
      aim: { atMost: 1_000 },
    },
  ];
}

const episodes = 100;
const deliveredWithinMs = 30_000;

/** A hundred services fail in one batch, and each is a group of its own: a hundred notifications at once. */
export async function deliveryDelay(engine: EngineProcess, receiver: Receiver): Promise<Figure[]> {
  const { fired, close } = await watchFired(engine);
  const atOnce = await storm(engine, receiver, { rule: 'at-once', operation: 'first', fired });
  const waiting = await storm(engine, receiver, { rule: 'after-waiting', operation: 'second', fired });
  close();
  const note = `${episodes} services in one batch, a group and a notification each`;
  const p99 = (name: string, values: number[], aim?: Figure['aim']): Figure => ({
    name,
    value: percentile(values, 0.99),
    unit: 'ms',
    ...(aim && { aim }),
    note: `p50 ${Math.round(percentile(values, 0.5))} ms`,
  });
  return [
    { ...p99('decided to delivered, groupWait 0s, p99', atOnce, { atMost: 2_000 }), note },
    p99('decided to delivered, groupWait 2s, p99', waiting, { atMost: 4_000 }),
  ];
}

async function storm(
  engine: EngineProcess,
  receiver: Receiver,
  { rule, operation, fired }: { rule: string; operation: string; fired: readonly Fired[] },
): Promise<number[]> {
  const deadline = Date.now() + deliveredWithinMs;
  const firstReceived = receiver.received.length;
  const names = Array.from({ length: episodes }, (_, i) => `${operation}-${i}`);
  const told = () => receiver.received.slice(firstReceived).flatMap(({ services }) => services);
  await steadily(
    100,
    () => Date.now() < deadline && new Set(told()).size < episodes,
    (turn) =>
      sendEvents(
        engine,
        names.map((name) => requestOf(name, operation, Date.now(), turn === 10)),
      ),
  );
  // What has arrived last has to be told by the live stream too.
  await pause(1_000);
  const decidedAt = new Map(fired.filter((one) => one.rule === rule).map((one) => [one.service, one]));
  return names.map((name) => {
    const arrived = receiver.received.slice(firstReceived).find(({ services }) => services.includes(name));
    const decided = decidedAt.get(name);
    if (arrived === undefined || decided === undefined) throw new Error(`nobody was told of ${name}`);
    return arrived.at - decided.recordedAt;
  });
}

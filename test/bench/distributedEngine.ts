import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bodies, prepareBodies } from './bodies.ts';
import type { Place } from './distributed.ts';
import {
  brokerMs,
  lanes,
  micros,
  microsOf,
  newTopic,
  type Spent,
  services,
  trafficOf,
} from './distributedTools.ts';
import { type EngineProcess, json, startEngine } from './engine.ts';
import { type Figure, percentile } from './figures.ts';
import { fill, queryable } from './scenarios.ts';
import { steadily } from './steady.ts';
import { createTraffic } from './traffic.ts';

/** The whole engine in one process, with its feed from the log and with its feed in Kafka. */

type Feed = 'log' | 'kafka';
/** One after the other and back again: what else the machine does weighs on both alike. */
const turns: readonly Feed[] = ['log', 'kafka', 'kafka', 'log'];

export async function byLanes({ folder, brokers, events }: Place): Promise<Figure[]> {
  await mkdir(folder, { recursive: true });
  const bodies = await prepareBodies(join(folder, 'bodies'), trafficOf(events), {
    events,
    eventsPerBody: 1_000,
  });
  const spent = { log: { seconds: 0, processorMs: 0 }, kafka: { seconds: 0, processorMs: 0 } };
  let inBroker = 0;
  for (const [number, feed] of turns.entries()) {
    const before = await brokerMs();
    const one = await filled(await started(join(folder, `engine-${number}`), feed, brokers), bodies);
    spent[feed].seconds += one.seconds;
    spent[feed].processorMs += one.processorMs;
    if (feed === 'kafka') inBroker += (await brokerMs()) - before;
  }
  await bodies.close();
  const all = 2 * events;
  const ofOne = (feed: Feed) => `${micros(microsOf(spent[feed], all))} of processor time for an event`;
  return [
    {
      name: 'through to queryable, embedded',
      value: all / spent.log.seconds,
      unit: 'events/s',
      note: ofOne('log'),
    },
    {
      name: 'through to queryable, by lanes',
      value: all / spent.kafka.seconds,
      unit: 'events/s',
      note: `${ofOne('kafka')}, and ${micros(microsOf({ processorMs: inBroker }, all))} in the broker`,
    },
    { name: 'by lanes, of embedded', value: spent.log.seconds / spent.kafka.seconds, unit: '' },
  ];
}

async function filled(engine: EngineProcess, bodies: Bodies): Promise<Spent> {
  const [begun, before] = [performance.now(), await engine.processorMs()];
  try {
    await fill(engine, bodies, () => undefined);
    const seconds = (performance.now() - begun) / 1_000;
    return { seconds, processorMs: (await engine.processorMs()) - before };
  } finally {
    await engine.stop();
  }
}

const started = (folder: string, feed: Feed, brokers: readonly string[]): Promise<EngineProcess> =>
  startEngine(folder, {
    CHRONOSCOPE_LOG_LEVEL: 'error',
    ...(feed === 'kafka' && {
      CHRONOSCOPE_FEED: `kafka://${brokers.join(',')}/${newTopic()}`,
      CHRONOSCOPE_LANES: String(lanes),
    }),
  });

const seconds = 20;
const perRequest = 10;
const everyMs = 10;
const followedOf = 10;

/** A thousand events a second in requests of ten; of every tenth it is asked until it can be seen. */
export async function untilVisible({ folder, brokers }: Place): Promise<Figure[]> {
  const seen = { log: [] as number[], kafka: [] as number[] };
  for (const [number, feed] of turns.entries()) {
    const engine = await started(join(folder, `engine-${number}`), feed, brokers);
    await delays(engine, 3).then(() => delays(engine, seconds / 2).then((more) => seen[feed].push(...more)));
    await engine.stop();
  }
  const rows = (feed: Feed, name: string): Figure[] => [
    { name: `sent to visible, ${name}, p50`, value: percentile(seen[feed], 0.5), unit: 'ms' },
    {
      name: `sent to visible, ${name}, p99`,
      value: percentile(seen[feed], 0.99),
      unit: 'ms',
      note: `of ${seen[feed].length} requests, at 1,000 events/s`,
    },
  ];
  return [...rows('log', 'embedded'), ...rows('kafka', 'by lanes')];
}

async function delays(engine: EngineProcess, duration: number): Promise<number[]> {
  const traffic = createTraffic({ seed: 13, services, start: Date.now(), eventsPerSecond: 1_000 });
  const found: number[] = [];
  const begun = performance.now();
  await steadily(
    everyMs,
    (turn) => turn * everyMs < duration * 1_000,
    async (turn) => {
      const { position } = await json<{ position: string }>(engine.origin, '/v1/events', {
        body: traffic.body(perRequest),
      });
      if (turn % followedOf !== 0) return;
      await queryable(engine, position, 30);
      // From the moment when it was due: a sender that was held up counts as well.
      found.push(performance.now() - begun - turn * everyMs);
    },
  );
  return found;
}

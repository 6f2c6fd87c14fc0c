import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EventStoreLog, openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import { prepareBodies } from './bodies.ts';
import type { Place } from './distributed.ts';
import { openCountingStore } from './distributedCounting.ts';
import type { FeedOptions } from './distributedProgram.ts';
import { type Run, runProjecting, scalingFigures } from './distributedScaling.ts';
import {
  ingestInto,
  lanes,
  microsOf,
  newTopic,
  runHelper,
  type Spent,
  spread,
  startHelper,
  trafficOf,
} from './distributedTools.ts';
import { type EngineProcess, json, startEngine } from './engine.ts';
import type { Figure } from './figures.ts';

/** What is taken in over HTTP: the stand-in of the log is slow with so many streams. */
const ingestedShare = 1 / 15;
/** All else is put into the log in long appends. */
const streamsOfFill = 8;
const senders = 4;
/** One after the other and back again: what else the machine does weighs on both alike. */
const turns = [1, 2, 2, 1] as const;

/**
 * Roles as processes: what each costs, and what a second process with the role `project` brings. The topic is full
 * before the latter; the log is a stand-in, and the read models' store only counts.
 */
export async function processes(place: Place): Promise<Figure[]> {
  await mkdir(place.folder, { recursive: true });
  const standIn = await startHelper<{ url: string }>('standIn', {});
  const log = await openEventStoreLog({ url: standIn.said.url });
  const store = await openCountingStore(0, []);
  const topic = newTopic();
  const env = {
    CHRONOSCOPE_LOG_LEVEL: 'error',
    CHRONOSCOPE_LOG: standIn.said.url,
    CHRONOSCOPE_READ: `${store.url}/bench`,
    CHRONOSCOPE_FEED: `kafka://${place.brokers.join(',')}/${topic}`,
    CHRONOSCOPE_LANES: String(lanes),
    CHRONOSCOPE_PSEUDONYM_KEY: '7'.repeat(64),
  };
  try {
    const count = Math.ceil((place.events * ingestedShare) / 1_000) * 1_000;
    const ingest = await ingested(place, env, count);
    const fill: EventStoreLog['append'] = (appends) => log.append(spread(appends, streamsOfFill));
    await ingestInto(fill, place.events - count, 11);
    const head = await log.head();
    if (head === undefined) throw new Error('the log is empty');
    const { brokers, events } = place;
    const relaying: FeedOptions = { log: standIn.said, brokers, topic, events };
    const relay = { ...(await runHelper<Spent>('relayed', relaying)), events };
    const runs: Run[] = [];
    for (const [number, processCount] of turns.entries()) {
      const folder = join(place.folder, `run-${number}`);
      runs.push(await runProjecting({ count: processCount, folder, env, head, events }));
    }
    return [
      roleFigure('ingest, HTTP to a stand-in log', ingest),
      roleFigure('relay, a stand-in log to Kafka', relay),
      ...scalingFigures(runs),
    ];
  } finally {
    await store.close();
    await log.close();
    await standIn.stop();
  }
}

interface Done extends Spent {
  events: number;
}

const roleFigure = (name: string, done: Done): Figure => ({
  name: `${name}, processor time of an event`,
  value: microsOf(done, done.events),
  unit: 'µs',
  note: `${Math.round(done.events / done.seconds).toLocaleString('en-US')} events/s were seen`,
});

async function ingested(place: Place, env: Record<string, string>, events: number): Promise<Done> {
  const engine = await startEngine(join(place.folder, 'ingest'), { ...env, CHRONOSCOPE_ROLES: 'ingest' });
  const options = { events, eventsPerBody: 1_000 };
  const bodies = await prepareBodies(join(place.folder, 'bodies'), trafficOf(events), options);
  let sent = 0;
  const spent = await spentBy(engine, async () => {
    const sender = async () => {
      while (sent < bodies.count)
        await json(engine.origin, '/v1/events', { body: await bodies.read(sent++) });
    };
    await Promise.all(Array.from({ length: senders }, sender));
  });
  await bodies.close();
  await engine.stop();
  return { ...spent, events };
}

async function spentBy(engine: EngineProcess, work: () => Promise<void>): Promise<Spent> {
  const [begun, before] = [performance.now(), await engine.processorMs()];
  await work();
  const seconds = (performance.now() - begun) / 1_000;
  return { seconds, processorMs: (await engine.processorMs()) - before };
}

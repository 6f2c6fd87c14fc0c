import { openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import { openKafkaTopic } from '../../src/adapters/kafka/topic.ts';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createLaneFeed } from '../../src/projections/lanes/laneFeed.ts';
import type { AssignedLane } from '../../src/projections/lanes/ports.ts';
import { createRelay } from '../../src/projections/lanes/relay.ts';
import { defaultLaneSettings } from '../../src/projections/lanes/settings.ts';
import type { StreamAppend } from '../../src/projections/ports.ts';
import { startEventStoreStandIn } from '../support/eventstore/standIn.ts';
import { ingestInto, lanes, type Spent, spread, startWatch } from './distributedTools.ts';

/** What is measured in a process of its own: its name and its options are the arguments, one line is the answer. */

export interface FeedOptions {
  log: { folder: string } | { url: string };
  brokers: readonly string[];
  topic: string;
  events: number;
}

async function openBoth({ log: place, brokers, topic }: FeedOptions) {
  const log =
    'url' in place
      ? await openEventStoreLog(place)
      : await openLmdbLog({ path: place.folder, clock: Date.now });
  const kafka = await openKafkaTopic({ brokers, topic, lanes, clientId: 'bench', positions: log });
  return { log, kafka };
}

/** A log into a topic that is empty. */
async function relayed(options: FeedOptions): Promise<Spent> {
  const { log, kafka } = await openBoth(options);
  const watch = startWatch();
  await new Promise<void>((resolve, reject) => {
    let count = 0;
    const observer = {
      relayed(events: number) {
        count += events;
        if (count >= options.events) resolve();
      },
      failed: reject,
    };
    createRelay({ log, writer: kafka.writer, clock: Date.now, observer }).start();
  });
  return watch();
}

/** The topic through lane feeds, until every event has been handed out. */
async function read(options: FeedOptions): Promise<Spent> {
  const { log, kafka } = await openBoth(options);
  return await new Promise<Spent>((resolve, reject) => {
    let [count, watch] = [0, startWatch()];
    const follow = async (assigned: AssignedLane): Promise<void> => {
      if (count === 0) watch = startWatch();
      const deps = { assigned, lanes, log, after: undefined, onError: reject };
      const feed = createLaneFeed({ ...deps, deadLetters: kafka.deadLetters });
      for await (const batch of feed.subscribe({ maxEvents: defaultLaneSettings.maxBatchEvents })) {
        assigned.passed(batch.to);
        count += batch.events.length;
        if (count >= options.events) resolve(watch());
      }
    };
    const handlers = {
      assigned: (lane: AssignedLane) => void follow(lane).catch(reject),
      revoked: async () => undefined,
      failed: reject,
    };
    kafka.group('bench').start(handlers).catch(reject);
  });
}

export interface AppendOptions {
  url: string;
  events: number;
  /** Of each call, over which its events are spread; 0 leaves them where they belong. */
  streams: number;
}

const callers = 4;

async function appended({ url, events, streams }: AppendOptions): Promise<Spent> {
  const calls: (readonly StreamAppend[])[] = [];
  await ingestInto(async (appends) => {
    calls.push(streams === 0 ? appends : spread(appends, streams));
    return { kind: 'appended', appended: 0, duplicates: 0, position: '0' as never };
  }, events);
  const log = await openEventStoreLog({ url });
  const watch = startWatch();
  const caller = async () => {
    for (let call = calls.pop(); call !== undefined; call = calls.pop()) await log.append(call);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return watch();
}

const programs: Record<string, (options: never) => Promise<object>> = {
  relayed,
  read,
  appended,
  standIn: async () => ({ url: (await startEventStoreStandIn()).url }),
};

const [name = '', options = '{}'] = process.argv.slice(2);
const answer = await programs[name]?.(JSON.parse(options) as never);
process.stdout.write(`${JSON.stringify(answer)}\n`);

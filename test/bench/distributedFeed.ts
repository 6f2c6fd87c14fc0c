import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeMessage } from '../../src/adapters/kafka/message.ts';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import type { Place } from './distributed.ts';
import type { FeedOptions } from './distributedProgram.ts';
import {
  brokerMs,
  bytesOfTopic,
  ingestInto,
  micros,
  microsOf,
  newTopic,
  runHelper,
  type Spent,
} from './distributedTools.ts';
import type { Figure } from './figures.ts';

const sampleEvents = 2_000;

/** An embedded log into lanes, and the lanes out of the topic again, each by one process. */
export async function relayAndRead({ folder, brokers, events }: Place): Promise<Figure[]> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'log');
  const valueBytes = await fillLog(path, events);
  const options: FeedOptions = { log: { folder: path }, brokers, topic: newTopic(), events };
  const before = await brokerMs();
  const relayed = await runHelper<Spent>('relayed', options);
  const between = await brokerMs();
  const read = await runHelper<Spent>('read', options);
  const after = await brokerMs();
  const writing = microsOf({ processorMs: between - before }, events);
  const reading = microsOf({ processorMs: after - between }, events);
  const stored = (await bytesOfTopic(options.topic)) / events;
  return [
    {
      name: 'relay, embedded log to Kafka',
      value: events / relayed.seconds,
      unit: 'events/s',
      note: `${micros(microsOf(relayed, events))} of processor time for an event, and ${micros(writing)} in the broker`,
    },
    {
      name: 'relay, in JSON',
      value: (events * valueBytes) / relayed.seconds / 1e6,
      unit: 'MB/s',
      note: `${valueBytes.toFixed(0)} B an event, without headers`,
    },
    { name: 'topic on disk, one copy', value: stored, unit: 'B/event' },
    {
      name: 'reading of all lanes by one process',
      value: events / read.seconds,
      unit: 'events/s',
      note: `${micros(microsOf(read, events))} of processor time for an event, and ${micros(reading)} in the broker`,
    },
  ];
}

/** Gives how long an event is as a message, on average. */
async function fillLog(path: string, events: number): Promise<number> {
  const log = await openLmdbLog({ path, clock: Date.now });
  await ingestInto(log.append, events);
  let [bytes, seen] = [0, 0];
  for await (const batch of log.read({ maxEvents: sampleEvents })) {
    for (const event of batch.events) {
      const { message } = encodeMessage(0, { previous: undefined, position: event.position, event });
      bytes += message.value?.length ?? 0;
      seen++;
    }
    break;
  }
  await log.close();
  return bytes / seen;
}

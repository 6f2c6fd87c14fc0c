import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe } from 'vitest';
import { type KafkaTopicOptions, openKafkaTopic } from '../../../src/adapters/kafka/topic.ts';
import { compareNumbered, parseNumbered } from '../../../src/adapters/numberedFeed.ts';
import type { DeadLetter } from '../../../src/projections/lanes/ports.ts';
import { type Broker, createBroker } from './broker.ts';
import { installedKafka, type KafkaVersion } from './installed.ts';

export const newestKafka: KafkaVersion = '4.1.0';

/** Reads positions as the tests write them: a log that counts its events. */
const positions = { compare: compareNumbered, parsePosition: parseNumbered };

export const newTopicName = (): string => `chronoscope-test-${randomUUID()}`;

/** Short, so that lanes of a process that was killed are soon given to others. */
const sessionTimeoutMs = 6_000;

export const openTestTopic = (options: Partial<KafkaTopicOptions> & { brokers: readonly string[] }) =>
  openKafkaTopic({
    ...{ topic: newTopicName(), lanes: 3, clientId: 'test', positions, sessionTimeoutMs },
    ...options,
  });

/** The tests of `body` with a real broker, or skipped in view where there is none. */
export function withBroker(version: KafkaVersion, body: (brokers: () => readonly string[]) => void): void {
  const given = process.env.KAFKA_BROKERS?.split(',');
  const installed = given === undefined ? installedKafka(version) : {};
  if ('missing' in installed) console.warn(`SKIPPED: tests with Kafka ${version}: ${installed.missing}`);
  const name = given === undefined ? `Kafka ${version}` : 'Kafka at KAFKA_BROKERS';
  describe.skipIf('missing' in installed)(name, () => {
    let broker: Broker | undefined;
    beforeAll(async () => {
      if (given !== undefined) return;
      broker = await createBroker(version);
      await broker.start();
    });
    afterAll(() => broker?.remove());
    body(() => given ?? broker?.brokers ?? []);
  });
}

/** The same for tests that stop and kill it, which is never done to one that somebody else started. */
export function withOwnBroker(version: KafkaVersion, body: (broker: () => Broker) => void): void {
  const installed = installedKafka(version);
  if ('missing' in installed) console.warn(`SKIPPED: tests with Kafka ${version}: ${installed.missing}`);
  describe.skipIf('missing' in installed)(`Kafka ${version}, stopped and killed`, () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await createBroker(version);
    });
    afterAll(() => broker?.remove());
    body(() => broker);
  });
}

/** A client as any other program would have it. */
export const plainClient = (brokers: readonly string[]): Kafka =>
  new Kafka({ brokers: [...brokers], clientId: 'plain', logLevel: logLevel.NOTHING });

interface PlainMessage {
  headers: Record<string, string>;
  value: Buffer;
}

/** All that a topic of one partition holds now. */
async function everythingIn(brokers: readonly string[], topic: string): Promise<readonly PlainMessage[]> {
  const client = plainClient(brokers);
  const admin = client.admin();
  await admin.connect();
  const [end] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const found: PlainMessage[] = [];
  const wanted = Number(end?.high ?? 0);
  if (wanted === 0) return found;
  const consumer = client.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({
      message,
    }: {
      message: { offset: string; value: Buffer | null; headers?: object };
    }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      found.push({ headers: Object.fromEntries(headers), value: message.value ?? Buffer.alloc(0) });
      if (Number(message.offset) + 1 >= wanted) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}

export async function lettersIn(brokers: readonly string[], topic: string): Promise<DeadLetter[]> {
  const all = await everythingIn(brokers, `${topic}.dead`);
  return all.map(({ headers: { lane, reason = '', offset, position }, value }) => ({
    lane: Number(lane),
    reason,
    ...(offset !== undefined && { offset }),
    ...(position !== undefined && { position }),
    value,
  }));
}

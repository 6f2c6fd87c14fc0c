import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaLine } from '../../src/adapters/kafka/client.ts';
import { chain, follow, soon } from '../contracts/laneTopic.ts';
import { type Broker, createBroker } from '../support/kafka/broker.ts';
import { installedKafka } from '../support/kafka/installed.ts';
import { newestKafka, openTestTopic } from '../support/kafka/topic.ts';

const installed = installedKafka(newestKafka);
if ('missing' in installed) console.warn(`SKIPPED: signing in to Kafka: ${installed.missing}`);

const user = { username: 'engine', password: 'open-sesame' };

describe.skipIf('missing' in installed)('a broker that lets in who signs in by SCRAM-SHA-512', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await createBroker(newestKafka, { user });
    await broker.start();
  });
  afterAll(() => broker.remove());

  it('writes and reads with user and password', async () => {
    const topic = await openTestTopic({ brokers: broker.brokers, credentials: user });
    await topic.writer.write(new Map([[1, chain(1, [1, 2])]]));
    const reader = follow(topic.group('readers'));
    await soon(() => expect(reader.numbers(1)).toEqual([1, 2]));
    await topic.close();
  });

  it('with a wrong password nothing is ready, it is told, and nobody is shown what was tried', async () => {
    const lines: KafkaLine[] = [];
    const credentials = { ...user, password: 'wrong-sesame' };
    const topic = await openTestTopic({
      ...{ brokers: broker.brokers, credentials },
      log: (line) => lines.push(line),
    });
    const reader = follow(topic.group('readers'));
    await soon(() => expect(reader.failures.length).toBeGreaterThan(0));
    await expect(topic.writer.ping()).rejects.toThrow(/uthentication failed/);
    expect(String(reader.failures[0])).toMatch(/uthentication failed/);
    expect(JSON.stringify(lines)).toContain('uthentication');
    expect(`${JSON.stringify(lines)}${reader.failures.map(String)}`).not.toContain('sesame');
    await topic.close();
  });
});

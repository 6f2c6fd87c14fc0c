import { expect, it } from 'vitest';
import type { KafkaTopic } from '../../src/adapters/kafka/topic.ts';
import { soon } from '../contracts/laneTopic.ts';
import type { Broker } from '../support/kafka/broker.ts';
import { newestKafka, newTopicName, openTestTopic, withOwnBroker } from '../support/kafka/topic.ts';
import {
  type Counts,
  countWith,
  makeCounts,
  makeLog,
  relay,
  type TestLog,
} from '../support/kafka/traffic.ts';

const lanes = 3;
const KILLS = Number(process.env.KAFKA_KILLS ?? 3);
const MOST_AHEAD = 3_000;

const expectWhole = (counts: Counts, log: TestLog): void => {
  for (let lane = 0; lane < lanes; lane++) expect(counts.counted(lane)).toEqual(log.positionsIn(lane));
};

withOwnBroker(newestKafka, (broker) => {
  it('a broker that is away at the start is waited for: nothing is ready, and then everything is', async () => {
    const failures: unknown[] = [];
    const topic = await openTestTopic({ brokers: broker().brokers, lanes });
    const group = topic.group('early');
    const log = makeLog(100, lanes);
    const counts = makeCounts(log);
    await countWith(group, counts, { failed: (error) => failures.push(error) });
    await expect(topic.writer.write(log.messages(0, 1))).rejects.toThrow();
    await expect(topic.writer.ping()).rejects.toThrow();
    await expect(group.ping()).rejects.toThrow();
    await soon(() => expect(failures.length).toBeGreaterThan(0));

    await broker().start();
    await relay(topic.writer, log);
    await soon(() => topic.writer.ping());
    await soon(() => group.ping());
    await soon(() => expect(counts.isWhole()).toBe(true));
    expectWhole(counts, log);
    await topic.close();
  });

  async function underLoad(upset: (broker: Broker, counts: Counts) => Promise<void>): Promise<void> {
    const log = makeLog(20_000, lanes);
    const counts = makeCounts(log);
    const options = { brokers: broker().brokers, topic: newTopicName(), lanes };
    const [writing, reading]: KafkaTopic[] = [await openTestTopic(options), await openTestTopic(options)];
    if (writing === undefined || reading === undefined) throw new Error('two were opened');
    await countWith(reading.group('counting'), counts);
    // As long as something is broken there is something left to write.
    const ready = (next: number) => soon(() => expect(next - counts.endOf(0)).toBeLessThan(MOST_AHEAD));
    const written = relay(writing.writer, log, { sizes: [31, 1, 110, 8], ready });
    await upset(broker(), counts);
    await written;
    await soon(() => expect(counts.isWhole()).toBe(true));
    expectWhole(counts, log);
    // What the topic itself has lost the reader would have taken from the log.
    expect(counts.gaps()).toBe(0);
    expect(await writing.writer.newest()).toEqual(Array.from({ length: lanes }, () => String(log.count)));
    await Promise.all([writing.close(), reading.close()]);
  }

  it('a broker restart loses nothing', async () => {
    await underLoad(async (one, counts) => {
      await soon(() => expect(counts.endOf(0)).toBeGreaterThan(0));
      await one.stop();
      await one.start();
    });
  });

  it(`a broker killed ${KILLS} times under load loses nothing that was acknowledged`, async () => {
    await underLoad(async (one, counts) => {
      for (let kill = 0; kill < KILLS; kill++) {
        const before = counts.endOf(0);
        await soon(() => expect(counts.endOf(0)).toBeGreaterThan(before));
        await one.kill();
        await one.start();
      }
    });
  });
});

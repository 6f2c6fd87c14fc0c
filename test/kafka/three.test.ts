import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { soon } from '../contracts/laneTopic.ts';
import { type Broker, createBrokers } from '../support/kafka/broker.ts';
import { installedKafka } from '../support/kafka/installed.ts';
import { newestKafka, newTopicName, openTestTopic } from '../support/kafka/topic.ts';
import { countWith, makeCounts, makeLog, relay } from '../support/kafka/traffic.ts';

const installed = installedKafka(newestKafka);
if ('missing' in installed) console.warn(`SKIPPED: three brokers: ${installed.missing}`);

const lanes = 6;
const MOST_AHEAD = 3_000;

describe.skipIf('missing' in installed)('three brokers', () => {
  let all: Broker[] = [];
  beforeAll(async () => {
    all = await createBrokers(newestKafka, 3);
    await Promise.all(all.map((broker) => broker.start()));
  });
  afterAll(() => Promise.all(all.map((broker) => broker.remove())));

  it('while one after the other is killed and comes back, work goes on, and nothing acknowledged is lost', async () => {
    const brokers = all.flatMap((broker) => broker.brokers);
    const log = makeLog(30_000, lanes);
    const counts = makeCounts(log);
    const options = { brokers, topic: newTopicName(), lanes };
    const [writing, reading] = [await openTestTopic(options), await openTestTopic(options)];
    await countWith(reading.group('counting'), counts);
    const ready = (next: number) => soon(() => expect(next - counts.endOf(0)).toBeLessThan(MOST_AHEAD));
    const written = relay(writing.writer, log, { sizes: [31, 1, 110, 8], ready });
    for (const broker of all) {
      const before = counts.endOf(0);
      await soon(() => expect(counts.endOf(0)).toBeGreaterThan(before));
      await broker.kill();
      const without = counts.endOf(0);
      await soon(() => expect(counts.endOf(0)).toBeGreaterThan(without));
      await broker.start();
    }
    await written;
    await soon(() => expect(counts.isWhole()).toBe(true));
    for (let lane = 0; lane < lanes; lane++) expect(counts.counted(lane)).toEqual(log.positionsIn(lane));
    expect(counts.gaps()).toBe(0);
    await Promise.all([writing.close(), reading.close()]);
  });
});

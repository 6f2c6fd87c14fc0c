import { afterEach, beforeAll, expect, it } from 'vitest';
import type { KafkaTopic } from '../../src/adapters/kafka/topic.ts';
import { soon } from '../contracts/laneTopic.ts';
import { startMember } from '../support/kafka/member.ts';
import { newestKafka, newTopicName, openTestTopic, withBroker } from '../support/kafka/topic.ts';
import {
  type Counts,
  countWith,
  makeCounts,
  makeLog,
  relay,
  type TestLog,
} from '../support/kafka/traffic.ts';
import { buildProgram } from '../support/program.ts';

const lanes = 6;
const sessionTimeoutMs = 3_000;
const KILLS = Number(process.env.KAFKA_KILLS ?? 3);

const expectWhole = (counts: Counts, log: TestLog): void => {
  for (let lane = 0; lane < lanes; lane++) expect(counts.counted(lane)).toEqual(log.positionsIn(lane));
};

withBroker(newestKafka, (brokers) => {
  const open: KafkaTopic[] = [];
  const openTopic = async (topic: string) => {
    const opened = await openTestTopic({ brokers: brokers(), topic, lanes, sessionTimeoutMs });
    open.push(opened);
    return opened;
  };
  beforeAll(() => buildProgram(), 120_000);
  afterEach(async () => {
    await Promise.all(open.splice(0).map((topic) => topic.close()));
  });

  it(`a rebalance counts nothing twice and loses nothing, with ${KILLS} members killed and others coming and going`, async () => {
    const log = makeLog(30_000, lanes);
    const counts = makeCounts(log);
    const topic = newTopicName();
    const [first, second] = [await openTopic(topic), await openTopic(topic)];
    await countWith(first.group('counting'), counts);
    const writing = relay(first.writer, log, { sizes: [97, 1, 300, 23] });
    for (let kill = 0; kill < KILLS; kill++) {
      const coming = second.group('counting');
      await countWith(coming, counts);
      const member = startMember({ brokers: brokers(), topic, lanes, sessionTimeoutMs }, 'counting', counts);
      await soon(() => expect(member.parts()).toBeGreaterThan(kill));
      await member.kill();
      await coming.stop();
    }
    await writing;
    await soon(() => expect(counts.isWhole()).toBe(true));
    expectWhole(counts, log);
  });

  it('two writers at once do no harm, wherever each of them begins', async () => {
    const log = makeLog(4_000, lanes);
    const counts = makeCounts(log);
    const topic = newTopicName();
    const [one, two] = [await openTopic(topic), await openTopic(topic)];
    await countWith(one.group('counting'), counts);
    await Promise.all([
      relay(one.writer, log, { sizes: [50, 7] }),
      (async () => {
        await relay(two.writer, log, { to: 2_500, sizes: [13, 120] });
        await relay(two.writer, log, { from: 700, sizes: [400] });
      })(),
    ]);
    await soon(() => expect(counts.isWhole()).toBe(true));
    expectWhole(counts, log);
  });

  it('a slow lane holds up no other, and holds no more than it may', async () => {
    const log = makeLog(60_000, lanes);
    const counts = makeCounts(log);
    const topic = newTopicName();
    const opened = await openTestTopic({ brokers: brokers(), topic, lanes, bufferBytes: 1 });
    open.push(opened);
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await countWith(opened.group('counting'), counts, {
      before: (lane) => (lane === 2 ? held : Promise.resolve()),
    });
    await relay(opened.writer, log, { sizes: [5_000] });
    const others = [0, 1, 3, 4, 5];
    await soon(() => {
      for (const lane of others) expect(counts.endOf(lane)).toBe(log.count);
    });
    expect(counts.counted(2)).toEqual([]);
    letGo();
    await soon(() => expect(counts.isWhole()).toBe(true));
    expectWhole(counts, log);
    expect(counts.gaps()).toBe(0);
  });
});

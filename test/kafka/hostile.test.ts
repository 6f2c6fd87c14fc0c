import { afterEach, expect, it } from 'vitest';
import type { KafkaTopic, KafkaTopicOptions } from '../../src/adapters/kafka/topic.ts';
import type { DeadLetter, LaneMessage } from '../../src/projections/lanes/ports.ts';
import { at, chain, eventIn, follow, soon } from '../contracts/laneTopic.ts';
import {
  lettersIn,
  newestKafka,
  newTopicName,
  openTestTopic,
  plainClient,
  withBroker,
} from '../support/kafka/topic.ts';

const lanes = 3;

withBroker(newestKafka, (brokers) => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function open(options: Partial<KafkaTopicOptions> = {}) {
    const topic = options.topic ?? newTopicName();
    const told: { letter: DeadLetter; failure: unknown }[] = [];
    const onSetAside = (letter: DeadLetter, failure: unknown) => told.push({ letter, failure });
    const opened = await openTestTopic({ brokers: brokers(), lanes, onSetAside, ...options, topic });
    cleanups.push(() => opened.close());
    return { ...opened, topic, told };
  }
  async function admin() {
    const one = plainClient(brokers()).admin();
    await one.connect();
    cleanups.push(() => one.disconnect());
    return one;
  }
  async function stranger(options: { transactionalId?: string } = {}) {
    const producer = plainClient(brokers()).producer({
      ...(options.transactionalId !== undefined && { ...options, idempotent: true, maxInFlightRequests: 1 }),
    });
    await producer.connect();
    cleanups.push(() => producer.disconnect());
    return producer;
  }
  const write = ({ writer }: KafkaTopic, lane: number, messages: readonly LaneMessage[]): Promise<void> =>
    writer.write(new Map([[lane, messages]]));

  it('a poisoned message is set aside with its reason, and those behind it come', async () => {
    const opened = await open();
    await write(opened, 0, chain(0, [1]));
    const other = JSON.stringify(eventIn(1, 2));
    const headers = { position: '2', previous: '1', recordedAt: '5', stream: 'bot' };
    const junk = Buffer.from([0xff, 0, 0x7b]);
    await (await stranger()).send({
      topic: opened.topic,
      messages: [
        { partition: 0, value: junk },
        { partition: 0, value: '{"id":', headers },
        { partition: 0, value: null, headers },
        { partition: 0, value: other, headers: { ...headers, position: "2'; DROP TABLE" } },
        { partition: 0, value: other, headers },
      ],
    });
    await write(opened, 0, chain(0, [2, 3], 1));
    const reader = follow(opened.group('readers'));
    await soon(() => expect(reader.numbers(0)).toEqual([1, 2, 3]));
    const letters = await lettersIn(brokers(), opened.topic);
    expect(letters.map(({ lane, offset, position, reason }) => ({ lane, offset, position, reason }))).toEqual(
      [
        { lane: 0, offset: '1', position: undefined, reason: 'it has no header `position`' },
        { lane: 0, offset: '2', position: '2', reason: 'its value is no JSON' },
        { lane: 0, offset: '3', position: '2', reason: 'it has no value and is no mark' },
        {
          lane: 0,
          offset: '4',
          position: "2'; DROP TABLE",
          reason: 'its header `position` is no position of the log',
        },
        { lane: 0, offset: '5', position: '2', reason: 'its event belongs to lane 1' },
      ],
    );
    expect(letters[0]?.value).toEqual(junk);
    expect(opened.told.map(({ failure }) => failure)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('what cannot even be set aside is told of, and its lane goes on', async () => {
    const opened = await open();
    await (await admin()).deleteTopics({ topics: [`${opened.topic}.dead`] });
    await (await stranger()).send({ topic: opened.topic, messages: [{ partition: 1, value: 'junk' }] });
    await write(opened, 1, chain(1, [1]));
    const reader = follow(opened.group('readers'));
    await soon(() => expect(reader.numbers(1)).toEqual([1]));
    expect(opened.told).toMatchObject([{ letter: { lane: 1, offset: '0' }, failure: expect.any(Error) }]);
  });

  it('the newest position is found behind what is unreadable and what other programs left', async () => {
    const opened = await open();
    await write(opened, 0, chain(0, [1, 2]));
    await write(opened, 1, chain(1, [3]));
    const aborting = await stranger({ transactionalId: newTopicName() });
    const transaction = await aborting.transaction();
    const headers = { position: '99' };
    await transaction.send({ topic: opened.topic, messages: [{ partition: 0, value: 'x', headers }] });
    await transaction.abort();
    const junk = Array.from({ length: 40 }, () => ({ partition: 1, value: 'junk' }));
    await (await stranger()).send({ topic: opened.topic, messages: junk });
    expect(await opened.writer.newest()).toEqual([at(2), at(3), undefined]);

    await write(opened, 0, chain(0, [4], 2));
    const reader = follow(opened.group('readers'));
    await soon(() => expect(reader.numbers(0)).toEqual([1, 2, 4]));
    expect(reader.failures).toEqual([]);
  });

  it('where the group had come to is gone from the topic: reading goes on with the earliest that is there', async () => {
    const opened = await open();
    await write(opened, 0, chain(0, [1, 2]));
    const first = opened.group('readers');
    const early = follow(first);
    await soon(() => expect(early.numbers(0)).toEqual([1, 2]));
    await first.stop();
    await write(opened, 0, chain(0, [3, 4, 5], 2));
    const one = await admin();
    await one.fetchTopicOffsets(opened.topic);
    await one.deleteTopicRecords({ topic: opened.topic, partitions: [{ partition: 0, offset: '4' }] });
    const late = follow(opened.group('readers'));
    await soon(() => expect(late.of(0)).toEqual(chain(0, [5], 4)));
  });

  it('a topic with another number of partitions is refused, and the message says what to do', async () => {
    const { topic } = await open();
    await expect(openTestTopic({ brokers: brokers(), topic, lanes: 5 })).rejects.toThrow(
      /has 3 partitions, and CHRONOSCOPE_LANES is 5/,
    );
  });

  it('when partitions are added to a topic in use, its readers stop and say why', async () => {
    const opened = await open();
    const reader = follow(opened.group('readers'));
    await soon(() => expect(reader.held.size).toBe(lanes));
    await (await admin()).createPartitions({ topicPartitions: [{ topic: opened.topic, count: 4 }] });
    const late = follow(opened.group('readers'));
    await soon(() => expect(String(late.failures.at(-1))).toMatch(/has 4 partitions/));
  });

  it('a topic is made with what the promises rest on', async () => {
    const { topic } = await open({ retentionMs: 3_600_000 });
    const { resources } = await (await admin()).describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic }],
    });
    const found = Object.fromEntries(
      (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
    );
    expect(found).toMatchObject({
      'retention.ms': '3600000',
      'max.message.bytes': '2097152',
      'min.insync.replicas': '1',
      'cleanup.policy': 'delete',
      'compression.type': 'gzip',
    });
  });

  it('large events come whole; one that is too large is set aside, and a mark in its place shows that it is missing', async () => {
    const opened = await open();
    const noise = (bytes: number): string => {
      let [text, seed] = ['', 1];
      while (text.length < bytes) {
        seed = (seed * 48_271) % 2_147_483_647;
        text += seed.toString(36);
      }
      return text;
    };
    const sent = chain(2, [1, 2, 3, 4, 5, 6]).map((message, index) => {
      const attributes = Object.fromEntries(
        Array.from({ length: index === 3 ? 300 : 120 }, (_, key) => [`key ${key}`, noise(8_000)]),
      );
      const data = { level: 'info', message: 'large', attributes };
      return { ...message, event: { ...message.event, data } } as LaneMessage;
    });
    await write(opened, 2, sent);
    expect(await opened.writer.newest()).toEqual([undefined, undefined, at(6)]);
    const reader = follow(opened.group('readers'));
    await soon(() => expect(reader.numbers(2)).toEqual([1, 2, 3, 4, 5, 6]));
    const missing = { previous: at(4), position: at(4) };
    expect(reader.of(2)).toEqual([...sent.slice(0, 3), missing, ...sent.slice(4)]);
    const [letter] = await lettersIn(brokers(), opened.topic);
    expect(letter).toMatchObject({ lane: 2, position: '4', reason: expect.stringMatching(/too large/) });
  });

  it('who does not let go of a lane in time keeps it from nobody', async () => {
    const opened = await open({ sessionTimeoutMs: 3_000 });
    const stuck = opened.group('readers');
    let held = 0;
    await stuck.start({
      assigned: () => {
        held++;
      },
      revoked: () => new Promise(() => {}),
      failed: () => {},
    });
    await soon(() => expect(held).toBe(lanes));
    const second = follow(opened.group('readers'));
    await soon(() => expect(second.held.size).toBeGreaterThan(0));
  });
});

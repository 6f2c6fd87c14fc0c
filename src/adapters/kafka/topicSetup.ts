// Node finds some of the names of this CommonJS package, and not this one.
import kafkajs, { type Admin } from 'kafkajs';
import { type KafkaClientOptions, kafkaClient } from './client.ts';

export interface TopicSettings {
  topic: string;
  lanes: number;
  /** How long a topic that is made here keeps its messages. Readers that come later take them from the log. */
  retentionMs: number;
}

export interface TopicFacts {
  /** What one batch of messages may weigh. */
  maxBytes: number;
}

/** The topic is there, but divided differently: events of one service would stand in two lanes, out of order. */
export class LaneCountError extends Error {
  constructor(topic: string, found: number, wanted: number) {
    super(
      `The Kafka topic ${topic} has ${found} partitions, and CHRONOSCOPE_LANES is ${wanted}. ` +
        `Set it to ${found}, or give another topic in CHRONOSCOPE_FEED, which is then filled from the log.`,
    );
    this.name = 'LaneCountError';
  }
}

export const deadTopic = (topic: string): string => `${topic}.dead`;

const MOST_REPLICAS = 3;
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
/** What a broker takes when nothing is set, and when it does not say. */
const BROKERS_DEFAULT_BYTES = 1_048_588;
const DEAD_RETENTION_MS = 30 * 86_400_000;

/** Makes both topics when they are missing, and refuses one that does not fit. */
export async function ensureTopics(client: KafkaClientOptions, settings: TopicSettings): Promise<TopicFacts> {
  const { topic, lanes, retentionMs } = settings;
  const admin = kafkaClient(client).admin();
  try {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    if (!there.has(topic)) await create(admin, topic, lanes, retentionMs);
    if (!there.has(deadTopic(topic))) await create(admin, deadTopic(topic), 1, DEAD_RETENTION_MS);
    const found = await partitionsOf(admin, topic);
    if (found !== lanes) throw new LaneCountError(topic, found, lanes);
    return { maxBytes: await maxBytesOf(admin, topic) };
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function create(admin: Admin, topic: string, partitions: number, retentionMs: number): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const replicas = Math.min(MOST_REPLICAS, brokers.length);
  const settings: Record<string, string> = {
    // Two of three: one broker may be away, and what was acknowledged outlives the next.
    'min.insync.replicas': replicas >= MOST_REPLICAS ? '2' : '1',
    'max.message.bytes': String(MAX_MESSAGE_BYTES),
    'retention.ms': String(retentionMs),
    'cleanup.policy': 'delete',
    // The broker turns what other programs write into the one form that the client can read.
    'compression.type': 'gzip',
  };
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  // False when another process was quicker, which is as good.
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: partitions, replicationFactor: replicas, configEntries }],
  });
}

async function partitionsOf(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
}

/** Asking may need a right of its own, which an operator need not give. */
async function maxBytesOf(admin: Admin, topic: string): Promise<number> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['max.message.bytes'] },
      ],
    });
    const value = Number(resources[0]?.configEntries[0]?.configValue);
    return Number.isSafeInteger(value) && value > 0 ? value : BROKERS_DEFAULT_BYTES;
  } catch {
    return BROKERS_DEFAULT_BYTES;
  }
}

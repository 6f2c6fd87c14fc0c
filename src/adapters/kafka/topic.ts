import { type UpcastTable, upcastTable } from '../../domain/events/upcast.ts';
import type { DeadLetter, DeadLetters, LaneGroup, LaneWriter } from '../../projections/lanes/ports.ts';
import { within } from '../waiting.ts';
import type { KafkaClientOptions } from './client.ts';
import { openDeadLetters } from './deadLetters.ts';
import { openGroup } from './group.ts';
import { openLooker } from './looker.ts';
import type { Positions } from './message.ts';
import { openProducer } from './producer.ts';
import { deadTopic, ensureTopics, LaneCountError, type TopicFacts } from './topicSetup.ts';
import { sendLanes } from './writer.ts';

export interface KafkaTopicOptions extends KafkaClientOptions {
  topic: string;
  lanes: number;
  /** Of the log that fills the topic. */
  positions: Positions;
  upcast?: UpcastTable;
  /** Of a topic that is made here. */
  retentionMs?: number;
  sessionTimeoutMs?: number;
  bufferBytes?: number;
  now?: () => number;
  /** A message was set aside; with a failure it could not even be kept. */
  onSetAside?: (letter: DeadLetter, failure: unknown) => void;
}

export interface KafkaTopic {
  writer: LaneWriter;
  deadLetters: DeadLetters;
  /** This process as one of the group. */
  group(name: string): LaneGroup;
  close(): Promise<void>;
}

/** A lane waits for it meanwhile. */
const DEAD_RETRIES = 3;
const OPEN_WAIT_MS = 5_000;
const DEFAULT_RETENTION_MS = 7 * 86_400_000;
const DEFAULT_SESSION_MS = 30_000;
const DEFAULT_BUFFER_BYTES = 64 * 1024 * 1024;

/**
 * Throws when the topic is there and does not fit. Brokers that are away are no reason: everything here is tried again
 * when it is called, and its pings tell.
 */
export async function openKafkaTopic(options: KafkaTopicOptions): Promise<KafkaTopic> {
  const { topic, lanes, positions, upcast = upcastTable, now = Date.now, onSetAside } = options;
  const { retentionMs = DEFAULT_RETENTION_MS, sessionTimeoutMs = DEFAULT_SESSION_MS } = options;
  const { bufferBytes = DEFAULT_BUFFER_BYTES } = options;
  const client: KafkaClientOptions = options;
  const { done: facts, again } = onceDone(() => ensureTopics(client, { topic, lanes, retentionMs }));
  const looker = openLooker({ client, topic, lanes, positions });
  const producer = openProducer(client);
  const deadProducer = openProducer(client, DEAD_RETRIES);
  const deadLetters: DeadLetters = {
    async put(letter) {
      const { maxBytes } = await facts();
      await openDeadLetters({ producer: deadProducer, topic: deadTopic(topic), maxBytes, now }).put(letter);
    },
  };
  /** Never throws: what cannot be set aside must not hold its lane up. */
  const setAside = async (letter: DeadLetter): Promise<void> => {
    let failure: unknown;
    try {
      await deadLetters.put(letter);
    } catch (error) {
      failure = error;
    }
    onSetAside?.(letter, failure);
  };
  const groups: LaneGroup[] = [];
  const closeWriter = async (): Promise<void> => {
    await Promise.all([producer.close(), looker.close()]);
  };

  await within(facts(), OPEN_WAIT_MS, () => new Error('late')).catch((error: unknown) => {
    if (error instanceof LaneCountError) throw error;
  });
  return {
    writer: {
      lanes,
      async write(messages) {
        const { maxBytes } = await facts();
        await sendLanes({ producer, topic, maxBytes, tooLarge: setAside }, messages).catch(again);
      },
      async newest() {
        await facts();
        return await looker.newest();
      },
      async ping() {
        await facts();
        await looker.ping();
      },
      close: closeWriter,
    },
    deadLetters,
    group(name) {
      const codec = { lanes, positions, upcast };
      const group = openGroup({
        ...{ client, topic, lanes, codec, sessionTimeoutMs, bufferBytes, setAside },
        ...{ groupId: `${topic}.${name}`, ready: facts, again },
      });
      groups.push(group);
      return group;
    },
    async close() {
      await Promise.all(groups.map((group) => group.stop()));
      await Promise.all([closeWriter(), deadProducer.close()]);
    },
  };
}

/** Done once and then known, until something fails that may have come of it. Those who ask meanwhile share the try. */
function onceDone(task: () => Promise<TopicFacts>) {
  let current: Promise<TopicFacts> | undefined;
  const again = (error: unknown): never => {
    current = undefined;
    throw error;
  };
  const done = (): Promise<TopicFacts> => {
    current ??= task().catch(again);
    return current;
  };
  return { done, again };
}

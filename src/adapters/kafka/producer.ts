import { CompressionTypes, type Message, type Producer, type RecordMetadata } from 'kafkajs';
import { type KafkaClientOptions, kafkaClient, retryOf } from './client.ts';

/** Together about ten seconds; who writes begins anew in its own time. */
const SEND_RETRIES = 7;
const PRODUCE_TIMEOUT_MS = 15_000;

export interface SafeProducer {
  /** Resolves when all of them are kept as the topic demands it; of each partition in the order given. */
  send(topic: string, messages: Message[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * An idempotent producer that is thrown away with its id at the first failure. The client counts its messages back when
 * a send fails, the broker may have kept them all the same, and would take the next ones under those numbers for
 * repetitions: acknowledged and dropped. It also goes on after a `connect` that failed before it had an id. With a new
 * id a repetition is stored twice, and readers know it by its position.
 */
export function openProducer(options: KafkaClientOptions, retries = SEND_RETRIES): SafeProducer {
  let current: Promise<Producer> | undefined;
  let last: Promise<void> = Promise.resolve();
  let isClosed = false;

  async function sendNow(topic: string, messages: Message[]): Promise<void> {
    if (isClosed) throw new Error('The connection to Kafka is closed.');
    try {
      current ??= connect(options, retries);
      const producer = await current;
      const kept = await producer.send({
        ...{ topic, messages, acks: -1, timeout: PRODUCE_TIMEOUT_MS },
        compression: CompressionTypes.GZIP,
      });
      refuseGaps(messages, kept);
    } catch (error) {
      await dispose();
      throw error;
    }
  }

  async function dispose(): Promise<void> {
    const old = current;
    current = undefined;
    await old?.then((producer) => producer.disconnect()).catch(() => {});
  }

  return {
    // One after the other: the client's count goes wrong when one fails while another is under way.
    send(topic, messages) {
      const sent = last.then(() => sendNow(topic, messages));
      last = sent.catch(() => {});
      return sent;
    },
    async close() {
      isClosed = true;
      await last;
      await dispose();
    },
  };
}

async function connect(options: KafkaClientOptions, retries: number): Promise<Producer> {
  const producer = kafkaClient(options).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: retryOf(retries),
    // Every message names its partition. The client warns when it is left to choose.
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw error;
  }
}

/** When a partition changes its leader between two tries, the client may leave it out and call that sent. */
function refuseGaps(messages: readonly Message[], kept: readonly RecordMetadata[]): void {
  const answered = new Set(kept.map(({ partition }) => partition));
  for (const { partition = 0 } of messages)
    if (!answered.has(partition)) throw new Error(`The broker has not answered for partition ${partition}.`);
}

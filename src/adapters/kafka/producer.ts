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
export function openProducer(options: KafkaClientOptions): SafeProducer {
  let current: Promise<Producer> | undefined;
  const dispose = async (): Promise<void> => {
    const old = current;
    current = undefined;
    await old?.then((producer) => producer.disconnect()).catch(() => {});
  };
  const connected = (): Promise<Producer> => {
    current ??= connect(options);
    return current;
  };
  return {
    async send(topic, messages) {
      try {
        const producer = await connected();
        const kept = await producer.send({
          ...{ topic, messages, acks: -1, timeout: PRODUCE_TIMEOUT_MS },
          compression: CompressionTypes.GZIP,
        });
        refuseGaps(messages, kept);
      } catch (error) {
        await dispose();
        throw error;
      }
    },
    close: dispose,
  };
}

async function connect(options: KafkaClientOptions): Promise<Producer> {
  const producer = kafkaClient(options).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: retryOf(SEND_RETRIES),
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

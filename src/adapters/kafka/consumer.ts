import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { DeadLetter, LaneGroup } from '../../projections/lanes/ports.ts';
import { within } from '../eventstore/waiting.ts';
import { type KafkaClientOptions, kafkaClient, retryOf } from './client.ts';
import { assignerWith, type KafkaCluster } from './cluster.ts';
import { LaneBuffer } from './laneBuffer.ts';
import type { CodecOptions } from './message.ts';

export type LaneHandlers = Parameters<LaneGroup['start']>[0];

export interface ConsumerOptions {
  client: KafkaClientOptions;
  topic: string;
  groupId: string;
  codec: CodecOptions;
  /** How long a process may be silent before its lanes are given to others. */
  sessionTimeoutMs: number;
  /** For what was fetched and not yet asked for, all lanes together. */
  bufferBytes: number;
  handlers: LaneHandlers;
  setAside: (letter: DeadLetter) => Promise<void>;
}

export interface RunningConsumer {
  readonly hasJoined: boolean;
  /** Rejects when it cannot go on, and resolves after `stop`. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const CRASH_RETRIES = 8;
const FETCH_BYTES = 4 * 1024 * 1024;
const LANE_FETCH_BYTES = 512 * 1024;
const LEAST_LANE_BYTES = 1024 * 1024;
/** A lane that is asked for again waits for the fetch that is under way. */
const FETCH_WAIT_MS = 250;
const COMMIT_EVERY_MS = 2_000;
const COMMIT_MS = 5_000;
const DISCONNECT_MS = 10_000;

/** One consumer from its joining to its end; whoever wants another after that begins one. */
export function runConsumer(options: ConsumerOptions): RunningConsumer {
  const { client, topic, groupId, codec, sessionTimeoutMs, handlers } = options;
  const lanes = new Map<number, LaneBuffer>();
  const noted = new Map<number, number>();
  const end = pending();
  let [isEnding, hasJoined, wasAsked, heardAt] = [false, false, false, performance.now()];
  let giving: Promise<void> | undefined;

  const consumer = kafkaClient(client).consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs * 2,
    heartbeatInterval: Math.ceil(sessionTimeoutMs / 10),
    maxBytes: FETCH_BYTES,
    maxBytesPerPartition: LANE_FETCH_BYTES,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    // The client would start itself anew, or not, as the error may be; here each end is the end.
    retry: { ...retryOf(CRASH_RETRIES), restartOnFailure: async () => false },
    partitionAssigners: [assignerWith((cluster) => waitBeforeJoining(cluster))],
  });

  /** The client joins anew without a word before; what it does first is to ask who keeps the group. */
  function waitBeforeJoining(cluster: KafkaCluster): void {
    const find = cluster.findGroupCoordinator.bind(cluster);
    cluster.findGroupCoordinator = async (request) => {
      wasAsked = true;
      await giveBack();
      if (isEnding) throw new Error('This consumer has ended.');
      return await find(request);
    };
    const disconnect = cluster.disconnect.bind(cluster);
    // After a crash nobody waits for it, and a rejection would end the process.
    cluster.disconnect = () => disconnect().catch(() => {});
  }

  function giveBack(): Promise<void> {
    giving ??= giveAll().finally(() => {
      giving = undefined;
    });
    return giving;
  }

  async function giveAll(): Promise<void> {
    const given = [...lanes.values()];
    if (given.length === 0) return;
    lanes.clear();
    hold(given.map(({ lane }) => lane));
    for (const lane of given) lane.end();
    const late = () => new Error(`The lanes of ${groupId} were not let go in time.`);
    // A third of the session is left for joining anew, and one for what goes slower than it should.
    await within(
      Promise.all(given.map(({ lane }) => handlers.revoked(lane))),
      sessionTimeoutMs / 3,
      late,
    ).catch(tell);
    await commit(given).catch(tell);
    for (const lane of given) lane.close();
    noted.clear();
  }

  const tell = (error: unknown): void =>
    client.log?.({ level: 'warn', message: String(error), details: { groupId } });

  function hold(partitions: number[]): void {
    try {
      consumer.pause([{ topic, partitions }]);
    } catch {
      // It runs no more, and fetches nothing.
    }
  }

  function assign(partitions: readonly number[]): void {
    if (isEnding) return;
    if (!wasAsked || lanes.size > 0) {
      end.reject(new Error('kafkajs has joined a group unasked: src/adapters/kafka knows 2.2.4.'));
      return;
    }
    if (partitions.some((lane) => lane >= codec.lanes)) {
      end.reject(new Error(`The topic ${topic} has more partitions than there are lanes.`));
      return;
    }
    hasJoined = true;
    const maxBytes = Math.max(LEAST_LANE_BYTES, options.bufferBytes / Math.max(1, partitions.length));
    consumer.resume([{ topic, partitions: [...partitions] }]);
    for (const lane of partitions) {
      const pause = () => consumer.pause([{ topic, partitions: [lane] }]);
      const resume = () => consumer.resume([{ topic, partitions: [lane] }]);
      const buffer = new LaneBuffer({ lane, codec, maxBytes, pause, resume, setAside: options.setAside });
      lanes.set(lane, buffer);
      handlers.assigned(buffer);
    }
  }

  async function commit(of: Iterable<LaneBuffer>): Promise<void> {
    const passed = [...of].flatMap(({ lane, noted: offset }) =>
      offset === undefined || offset === noted.get(lane) ? [] : [{ lane, offset }],
    );
    if (passed.length === 0) return;
    const offsets = passed.map(({ lane, offset }) => ({ topic, partition: lane, offset: String(offset) }));
    const late = () => new Error(`What ${groupId} has passed could not be noted in time.`);
    await within(consumer.commitOffsets(offsets), COMMIT_MS, late);
    for (const { lane, offset } of passed) noted.set(lane, offset);
  }

  async function take({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    const buffer = lanes.get(batch.partition);
    // Fetched before the lane was taken away; it is fetched again by whoever has it now.
    if (buffer === undefined) return;
    buffer.push(batch.messages, Number(batch.highWatermark));
    resolveOffset(batch.lastOffset());
  }

  const heard = (): void => {
    heardAt = performance.now();
  };
  const { events } = consumer;
  for (const event of [events.FETCH, events.HEARTBEAT] as const) consumer.on(event, heard);
  consumer.on(events.CRASH, ({ payload }) => end.reject(payload.error));
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    heard();
    assign(payload.memberAssignment[topic] ?? []);
  });

  const silence = sessionTimeoutMs * 4;
  const timer = setInterval(() => {
    if (giving === undefined) commit(lanes.values()).catch(tell);
    if (performance.now() - heardAt > silence)
      end.reject(new Error(`The consumer of ${groupId} fell silent.`));
  }, COMMIT_EVERY_MS);

  const finish = async (): Promise<void> => {
    clearInterval(timer);
    await giveBack();
    hasJoined = false;
    await within(consumer.disconnect(), DISCONNECT_MS, () => new Error('late')).catch(() => {});
  };
  const ended = begin(consumer, topic, take)
    .then(() => end.promise)
    .finally(async () => {
      isEnding = true;
      await finish();
    });
  // A crash before it has begun is its end as well.
  end.promise.catch(() => {});
  return {
    get hasJoined() {
      return hasJoined;
    },
    ended,
    async stop() {
      isEnding = true;
      end.resolve();
      await ended.catch(() => {});
    },
  };
}

async function begin(
  consumer: Consumer,
  topic: string,
  take: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  // Where the group has noted nothing yet, and where what it noted is there no more.
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: take });
}

function pending() {
  let [resolve, reject] = [(): void => {}, (_: unknown): void => {}];
  const promise = new Promise<void>((done, fail) => {
    [resolve, reject] = [done, fail];
  });
  return { promise, resolve: () => resolve(), reject: (error: unknown) => reject(error) };
}

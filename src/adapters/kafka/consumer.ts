import type { Consumer, EachBatchPayload } from 'kafkajs';
import { within } from '../waiting.ts';
import { type KafkaClientOptions, kafkaClient, retryOf } from './client.ts';
import { assignerWith, endsOf, type KafkaCluster } from './cluster.ts';
import { HeldLanes, type HeldLanesOptions } from './heldLanes.ts';

export interface ConsumerOptions extends Omit<HeldLanesOptions, 'letGoMs' | 'tell'> {
  client: KafkaClientOptions;
  /** How long a process may be silent before its lanes are given to others. */
  sessionTimeoutMs: number;
}

const CRASH_RETRIES = 8;
const FETCH_BYTES = 4 * 1024 * 1024;
const LANE_FETCH_BYTES = 512 * 1024;
/** A lane that is asked for again waits for the fetch that is under way. */
const FETCH_WAIT_MS = 250;
const TICK_MS = 2_000;
const TICKS_PER_LOOK = 5;
const DISCONNECT_MS = 10_000;

/** One consumer from its joining to its end; whoever wants another after that begins one. */
export class RunningConsumer {
  /** Rejects when it cannot go on, and resolves after `stop`. */
  readonly ended: Promise<void>;
  isMember = false;
  /** Ever. */
  hasJoined = false;
  private readonly options: ConsumerOptions;
  private readonly consumer: Consumer;
  private readonly lanes: HeldLanes;
  private cluster: KafkaCluster | undefined;
  private isEnding = false;
  private wasAsked = false;
  private heardAt = performance.now();
  private ticks = 0;
  private finish: (error?: unknown) => void = () => {};

  constructor(options: ConsumerOptions) {
    this.options = options;
    const { client, groupId, sessionTimeoutMs } = options;
    this.consumer = kafkaClient(client).consumer({
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
      partitionAssigners: [assignerWith((cluster) => this.waitBeforeJoining(cluster))],
    });
    const tell = (error: unknown): void =>
      client.log?.({ level: 'warn', message: String(error), details: { groupId } });
    // A third of the session is left for joining anew, and one for what goes slower than it should.
    this.lanes = new HeldLanes(this.consumer, { ...options, tell, letGoMs: sessionTimeoutMs / 3 });
    this.ended = this.run(tell);
  }

  async stop(): Promise<void> {
    this.isEnding = true;
    this.finish();
    await this.ended.catch(() => {});
  }

  private async run(tell: (error: unknown) => void): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    // It may be over before it has begun.
    over.catch(() => {});
    this.listen();
    const timer = setInterval(() => this.tick().catch(tell), TICK_MS);
    try {
      const begun = this.begin();
      // To join may take long, and a stop does not wait for it. What comes of it then is told by nobody.
      begun.catch(() => {});
      await Promise.race([begun, over]);
      await over;
    } finally {
      this.isEnding = true;
      clearInterval(timer);
      await this.lanes.giveBack();
      this.isMember = false;
      await within(this.consumer.disconnect(), DISCONNECT_MS, () => new Error('late')).catch(() => {});
    }
  }

  private async begin(): Promise<void> {
    await this.consumer.connect();
    // Where the group has noted nothing yet, and where what it noted is there no more.
    await this.consumer.subscribe({ topics: [this.options.topic], fromBeginning: true });
    const eachBatch = async ({ batch, resolveOffset }: EachBatchPayload): Promise<void> => {
      if (this.lanes.take(batch)) resolveOffset(batch.lastOffset());
    };
    await this.consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
  }

  private listen(): void {
    const { events } = this.consumer;
    const heard = (): void => {
      this.heardAt = performance.now();
    };
    this.consumer.on(events.FETCH, heard);
    this.consumer.on(events.HEARTBEAT, heard);
    this.consumer.on(events.CRASH, ({ payload }) => this.finish(payload.error));
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => {
      heard();
      this.joined(payload.memberAssignment[this.options.topic] ?? []);
    });
  }

  /** The client joins anew without a word before; what it does first is to ask who keeps the group. */
  private waitBeforeJoining(cluster: KafkaCluster): void {
    this.cluster = cluster;
    const find = cluster.findGroupCoordinator.bind(cluster);
    cluster.findGroupCoordinator = async (request) => {
      this.wasAsked = true;
      await this.lanes.giveBack();
      if (this.isEnding) throw new Error('This consumer has ended.');
      return await find(request);
    };
    const disconnect = cluster.disconnect.bind(cluster);
    // After a crash nobody waits for it, and a rejection would end the process.
    cluster.disconnect = () => disconnect().catch(() => {});
  }

  private joined(partitions: readonly number[]): void {
    const { topic, codec } = this.options;
    if (this.isEnding) return;
    if (!this.wasAsked || this.lanes.numbers.length > 0)
      this.finish(new Error('kafkajs has joined a group unasked: src/adapters/kafka knows 2.2.4.'));
    else if (partitions.some((lane) => lane >= codec.lanes))
      this.finish(new Error(`The topic ${topic} has more partitions than there are lanes.`));
    else {
      this.isMember = true;
      this.hasJoined = true;
      this.lanes.assign(partitions);
    }
  }

  private async tick(): Promise<void> {
    const silence = this.options.sessionTimeoutMs * 4;
    if (performance.now() - this.heardAt > silence)
      this.finish(new Error(`The consumer of ${this.options.groupId} fell silent.`));
    await this.lanes.commit();
    if (++this.ticks % TICKS_PER_LOOK === 0) await this.lookAtEnds();
  }

  /** A lane that is held back is not fetched from, and its lag grows unseen. */
  private async lookAtEnds(): Promise<void> {
    const { cluster, lanes } = this;
    if (cluster === undefined || lanes.numbers.length === 0) return;
    const ends = await endsOf(cluster, this.options.topic, lanes.numbers);
    for (const [lane, end] of ends) lanes.heard(lane, end);
  }
}

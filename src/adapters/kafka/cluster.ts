import { type Assigner, type Kafka, type PartitionAssigner, PartitionAssigners } from 'kafkajs';

/**
 * What the client hands to those who assign partitions, and with it the only way to two things that it has no other
 * door for: to read from an offset without joining a group, and to be waited for before it joins one anew.
 */
export interface KafkaCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findGroupCoordinator(options: object): Promise<unknown>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<KafkaBroker>;
  fetchTopicsOffset(
    topics: readonly { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

export interface KafkaBroker {
  fetch(request: {
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<{ responses: { partitions: { messages: FetchedMessage[] }[] }[] }>;
}

export interface FetchedMessage {
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | undefined>;
  isControlRecord: boolean;
  batchContext: { inTransaction: boolean };
}

const needed = [
  'connect',
  'disconnect',
  'addTargetTopic',
  'refreshMetadata',
  'findGroupCoordinator',
  'findLeaderForPartitions',
  'findBroker',
  'fetchTopicsOffset',
] as const;

/** Assigns in turn, as the client does by itself, and gives the cluster of the consumer that it is made for. */
export function assignerWith(take: (cluster: KafkaCluster) => void): PartitionAssigner {
  return (config): Assigner => {
    take(known(config.cluster));
    return PartitionAssigners.roundRobin(config);
  };
}

/** A connection that reads without a group. Nothing is sent before its `connect`. */
export function clusterOf(client: Kafka): KafkaCluster {
  const taken: KafkaCluster[] = [];
  const partitionAssigners = [assignerWith((cluster) => taken.push(cluster))];
  // Read as it lies there, to the very end: what an open transaction of another program holds back included.
  client.consumer({
    groupId: 'none',
    readUncommitted: true,
    allowAutoTopicCreation: false,
    partitionAssigners,
  });
  const [cluster] = taken;
  if (cluster === undefined) throw changed('partitionAssigners');
  return cluster;
}

/** The first offset of each partition, or that of the message which comes next. */
export async function endsOf(
  cluster: KafkaCluster,
  topic: string,
  lanes: readonly number[],
  fromBeginning = false,
): Promise<ReadonlyMap<number, number>> {
  const partitions = lanes.map((partition) => ({ partition }));
  const [answer] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
  return new Map((answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
}

function known(cluster: unknown): KafkaCluster {
  for (const name of needed)
    if (typeof (cluster as Record<string, unknown> | undefined)?.[name] !== 'function') throw changed(name);
  return cluster as KafkaCluster;
}

const changed = (what: string): Error =>
  new Error(`kafkajs has changed (${what}): src/adapters/kafka/cluster.ts knows 2.2.4.`);

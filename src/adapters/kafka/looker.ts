import type { Position } from '../../domain/position.ts';
import { type KafkaClientOptions, kafkaClient } from './client.ts';
import { clusterOf, endsOf, type FetchedMessage, type KafkaCluster } from './cluster.ts';
import { type Positions, positionIn } from './message.ts';

export interface Looker {
  /** Throws unless every lane has a broker that leads it. */
  ping(): Promise<void>;
  newest(): Promise<readonly (Position | undefined)[]>;
  close(): Promise<void>;
}

export interface LookerOptions {
  client: KafkaClientOptions;
  topic: string;
  lanes: number;
  positions: Positions;
}

const FIRST_WINDOW = 16;
const WINDOW_GROWTH = 8;
const FETCH_BYTES = 4 * 1024 * 1024;
const FETCH_WAIT_MS = 1_000;
const READ_UNCOMMITTED = 0;
const LANES_AT_ONCE = 16;

/** Looks into the topic without reading as a group. */
export function openLooker(options: LookerOptions): Looker {
  const { topic, lanes } = options;
  let current: KafkaCluster | undefined;
  const dispose = async (): Promise<void> => {
    const old = current;
    current = undefined;
    await old?.disconnect().catch(() => {});
  };
  const using = async <T>(look: (cluster: KafkaCluster) => Promise<T>): Promise<T> => {
    current ??= clusterOf(kafkaClient(options.client));
    const cluster = current;
    try {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      return await look(cluster);
    } catch (error) {
      if (cluster === current) await dispose();
      throw error;
    }
  };
  const all = Array.from({ length: lanes }, (_, lane) => lane);
  return {
    ping: () =>
      using(async (cluster) => {
        await cluster.refreshMetadata();
        cluster.findLeaderForPartitions(topic, all);
      }),
    newest: () => using((cluster) => newestOf(cluster, options, all)),
    close: dispose,
  };
}

async function newestOf(
  cluster: KafkaCluster,
  options: LookerOptions,
  all: readonly number[],
): Promise<(Position | undefined)[]> {
  const first = await endsOf(cluster, options.topic, all, true);
  const end = await endsOf(cluster, options.topic, all);
  const found: (Position | undefined)[] = [];
  for (let at = 0; at < all.length; at += LANES_AT_ONCE) {
    const some = all.slice(at, at + LANES_AT_ONCE);
    found.push(
      ...(await Promise.all(
        some.map((lane) => newestIn(cluster, options, lane, first.get(lane) ?? 0, end.get(lane) ?? 0)),
      )),
    );
  }
  return found;
}

/**
 * The greatest among the last messages. What is unreadable there, or another program's, is looked behind; two writers
 * at once may have left a greater one further back, and to begin before it only repeats.
 */
async function newestIn(
  cluster: KafkaCluster,
  options: LookerOptions,
  lane: number,
  first: number,
  end: number,
): Promise<Position | undefined> {
  for (let window = FIRST_WINDOW; end > first; window *= WINDOW_GROWTH) {
    const from = Math.max(first, end - window);
    const found = await greatest(cluster, options, lane, from, end);
    if (found !== undefined || from === first) return found;
  }
  return undefined;
}

async function greatest(
  cluster: KafkaCluster,
  { topic, positions }: LookerOptions,
  lane: number,
  from: number,
  end: number,
): Promise<Position | undefined> {
  let newest: Position | undefined;
  for (let next = from; next < end; ) {
    const messages = await fetchFrom(cluster, topic, lane, next);
    if (messages.length === 0) break;
    for (const message of messages) {
      const position = isOurs(message) ? positionIn(message, positions) : undefined;
      if (position !== undefined && (newest === undefined || positions.compare(position, newest) > 0))
        newest = position;
    }
    next = Number(messages.at(-1)?.offset) + 1;
  }
  return newest;
}

/** We write outside of transactions; what is in one may have been given up. */
const isOurs = ({ isControlRecord, batchContext }: FetchedMessage): boolean =>
  !isControlRecord && !batchContext.inTransaction;

async function fetchFrom(
  cluster: KafkaCluster,
  topic: string,
  partition: number,
  offset: number,
): Promise<readonly FetchedMessage[]> {
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`No broker leads lane ${partition} of ${topic}.`);
  const broker = await cluster.findBroker({ nodeId });
  const { responses } = await broker.fetch({
    ...{ maxWaitTime: FETCH_WAIT_MS, minBytes: 1, maxBytes: FETCH_BYTES, isolationLevel: READ_UNCOMMITTED },
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
  });
  return responses[0]?.partitions[0]?.messages ?? [];
}

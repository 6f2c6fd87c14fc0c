import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { type KafkaTopic, openKafkaTopic } from '../adapters/kafka/topic.ts';
import type { Metrics } from '../api/http/metrics.ts';
import type { Config } from '../config.ts';
import type { DeadLetters, LaneGroup, LaneWriter } from '../projections/lanes/ports.ts';
import type { EventLog } from '../projections/ports.ts';

export type Feed = Extract<Config['feed'], { kind: 'kafka' }>;

export interface FeedingDeps {
  feed: Feed;
  log: Pick<EventLog, 'compare' | 'parsePosition'>;
  metrics: Metrics;
  logger: Logger;
}

function openTopic({ feed, log, metrics, logger }: FeedingDeps): Promise<KafkaTopic> {
  const { brokers, credentials, tls, topic, lanes } = feed;
  return openKafkaTopic({
    ...{ brokers, tls, topic, lanes },
    credentials: credentials && { ...credentials, password: credentials.password.reveal() },
    clientId: `chronoscope-${hostname()}-${process.pid}`,
    positions: log,
    log: ({ level, message, details }) => logger[level](details, message),
    onSetAside({ value: _, ...letter }, failure) {
      metrics.deadLetters.inc();
      logger.error({ ...letter, ...(failure !== undefined && { err: failure }) }, 'a message was set aside');
    },
  });
}

/** What the relay writes to. */
export async function openFeedWriter(deps: FeedingDeps): Promise<LaneWriter> {
  const topic = await openTopic(deps);
  return { ...topic.writer, close: topic.close };
}

export interface OpenedGroup {
  group: LaneGroup;
  deadLetters: DeadLetters;
  close(): Promise<void>;
}

/** What projections read from, together with all processes that use the same name. */
export async function openFeedGroup(deps: FeedingDeps, name: string): Promise<OpenedGroup> {
  const topic = await openTopic(deps);
  return { group: topic.group(name), deadLetters: topic.deadLetters, close: topic.close };
}

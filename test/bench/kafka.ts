import { randomUUID } from 'node:crypto';
import { openKafkaTopic } from '../../src/adapters/kafka/topic.ts';
import { compareNumbered, parseNumbered } from '../../src/adapters/numberedFeed.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { laneOf } from '../../src/domain/lanes.ts';
import { asPosition, type Position } from '../../src/domain/position.ts';
import type { LaneMessage } from '../../src/projections/lanes/ports.ts';

export interface KafkaFigures {
  events: number;
  /** Of one event's JSON, on average. */
  eventBytes: number;
  writtenPerSecond: number;
  readPerSecond: number;
}

interface KafkaBenchOptions {
  brokers: readonly string[];
  events: number;
  lanes?: number;
  /** As many as a relay gathers before it writes. */
  perFlush?: number;
}

/** What one process writes to the lanes and reads from them again, through a real broker. */
export async function measureKafka(options: KafkaBenchOptions): Promise<KafkaFigures> {
  const { brokers, events: count, lanes = 8, perFlush = 4_000 } = options;
  const topic = await openKafkaTopic({
    ...{ brokers, lanes, topic: `chronoscope-bench-${randomUUID()}`, clientId: 'bench' },
    positions: { compare: compareNumbered, parsePosition: parseNumbered },
  });
  const flushes = flushesOf(count, lanes, perFlush);
  const writing = performance.now();
  for (const flush of flushes) await topic.writer.write(flush);
  const written = performance.now();

  let read = 0;
  let done = (): void => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const group = topic.group('bench');
  let [began, failure] = [0, undefined as unknown];
  await group.start({
    assigned: async (lane) => {
      began ||= performance.now();
      for await (const part of lane.messages()) {
        read += part.filter(({ event }) => event !== undefined).length;
        lane.passed(part.at(-1)?.position as Position);
        if (read >= count) done();
      }
    },
    revoked: async () => {},
    failed: (error) => {
      failure = error;
    },
  });
  await all;
  const ended = performance.now();
  await topic.close();
  if (failure !== undefined) throw failure;
  return {
    events: count,
    eventBytes: Math.round(sizeOf(flushes[0]) / Math.min(count, perFlush)),
    writtenPerSecond: Math.round(count / ((written - writing) / 1000)),
    readPerSecond: Math.round(count / ((ended - began) / 1000)),
  };
}

type Flush = Map<number, LaneMessage[]>;

const sizeOf = (flush: Flush | undefined): number =>
  [...(flush?.values() ?? [])].flat().reduce((sum, { event }) => sum + JSON.stringify(event ?? '').length, 0);

function flushesOf(count: number, lanes: number, perFlush: number): Flush[] {
  const flushes: Flush[] = [];
  const ends = new Array<Position | undefined>(lanes).fill(undefined);
  for (let from = 1; from <= count; from += perFlush) {
    const flush: Flush = new Map(ends.map((_, lane) => [lane, []]));
    const put = (lane: number, position: Position, event?: RecordedEvent): void => {
      flush.get(lane)?.push({ previous: ends[lane], position, ...(event !== undefined && { event }) });
      ends[lane] = position;
    };
    const to = Math.min(count, from + perFlush - 1);
    for (let number = from; number <= to; number++) {
      const event = eventAt(number);
      put(laneOf(event, lanes), event.position, event);
    }
    const last = asPosition(String(to));
    for (let lane = 0; lane < lanes; lane++) if (ends[lane] !== last) put(lane, last);
    flushes.push(flush);
  }
  return flushes;
}

/** A finished request of one of forty services, of about four hundred bytes. */
function eventAt(number: number): RecordedEvent {
  const [id, trace] = [randomUUID(), randomUUID().replaceAll('-', '')];
  return {
    ...{ id, type: 'RequestCompleted', version: 1, occurredAt: 1_760_000_000_000 + number },
    ...{ project: 'shop', service: `bot-${number % 40}`, requestId: `req-${trace}`, traceId: trace },
    data: {
      operation: ['checkout', 'search', 'login'][number % 3] ?? 'other',
      status: number % 50 === 0 ? 'error' : 'success',
      durationMs: (number * 7919) % 3_000,
      attributes: { chat: (number * 104_729) % 1_000_000, region: 'eu-central', build: '2026.11.25' },
    },
    recordedAt: 1_760_000_000_050 + number,
    position: asPosition(String(number)),
    stream: `request-req-${trace}`,
  } as RecordedEvent;
}

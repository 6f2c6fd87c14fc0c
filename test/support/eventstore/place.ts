import type { EventStoreLog } from '../../../src/adapters/eventstore/eventLog.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import type { Position } from '../../../src/domain/position.ts';
import type { EventBatch, EventLog, ReadOptions } from '../../../src/projections/ports.ts';

/** A part of a database that is used for other things too: what lies behind a position, in streams of its own names. */
export interface Place {
  name: string;
  begin: Position | undefined;
}

/** Shows a place of a server's log as if it were a log of its own. */
export function placeIn(log: EventStoreLog, { name, begin }: Place): EventLog {
  const prefix = `${name}-`;
  const inside = (event: RecordedEvent): boolean => event.stream.startsWith(prefix);
  const own = (event: RecordedEvent): RecordedEvent => ({
    ...event,
    stream: event.stream.slice(prefix.length),
  });
  const ownBatch = ({ events, from, to }: EventBatch): EventBatch => ({
    events: events.filter(inside).map(own),
    from: from === begin ? undefined : from,
    to,
  });
  const behind = (options: ReadOptions = {}): ReadOptions => ({
    ...options,
    after: options.after ?? begin,
  });
  async function* ownBatches(batches: AsyncIterable<EventBatch>): AsyncGenerator<EventBatch> {
    for await (const batch of batches) yield ownBatch(batch);
  }
  async function* ownByTime(batches: AsyncIterable<EventBatch>): AsyncGenerator<EventBatch> {
    for await (const batch of batches) if (batch.events.some(inside)) yield ownBatch(batch);
  }
  async function* ownStream(parts: AsyncIterable<readonly RecordedEvent[]>) {
    for await (const events of parts) yield events.map(own);
  }
  return {
    ...log,
    append: async (appends) => {
      const outcome = await log.append(
        appends.map((append) => ({
          ...append,
          // A name that has to be refused stays one.
          stream: append.stream === '' ? '' : prefix + append.stream,
        })),
      );
      return outcome.kind === 'conflict'
        ? { ...outcome, stream: outcome.stream.slice(prefix.length) }
        : outcome;
    },
    read: (options) => ownBatches(log.read(behind(options))),
    subscribe: (options) => ownBatches(log.subscribe(behind(options))),
    head: async () => {
      const head = await log.head();
      return head === begin ? undefined : head;
    },
    readStream: (stream, options) => ownStream(log.readStream(prefix + stream, options)),
    readByTime: (range) => ownByTime(log.readByTime(range)),
  };
}

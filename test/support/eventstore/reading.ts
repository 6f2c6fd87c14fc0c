import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { StandInDatabase, StoredEvent } from './database.ts';

/** The events that a finite read gives, in its order; undefined where there is no such stream. */
export function eventsToRead(
  database: StandInDatabase,
  options: ReadReq.Options,
): StoredEvent[] | undefined | 'invalid position' {
  const backwards = options.getReadDirection() === 1;
  const count = Number(options.getCount());
  if (options.hasStream()) return streamEvents(database, options, backwards)?.slice(0, count);
  const all = options.getAll();
  const { events } = database;
  let from = all?.hasEnd() === true ? events.length : 0;
  if (all?.hasPosition() === true) {
    const position = Number(all.getPosition()?.getCommitPosition());
    if (!database.isBoundary(position)) return 'invalid position';
    from = indexFrom(events, position);
  }
  if (backwards) return events.slice(Math.max(0, from - count), from).reverse();
  return events.slice(from, from + count);
}

function streamEvents(
  database: StandInDatabase,
  options: ReadReq.Options,
  backwards: boolean,
): StoredEvent[] | undefined {
  const stream = options.getStream();
  const name = Buffer.from(stream?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
  const events = database.readable(name);
  if (events === undefined || stream === undefined) return undefined;
  const revision = stream.hasRevision() ? Number(stream.getRevision()) : undefined;
  if (!backwards) return events.filter((event) => event.revision >= (revision ?? 0));
  return events.filter((event) => revision === undefined || event.revision <= revision).reverse();
}

/** The first event at or behind a position. */
export function indexFrom(events: readonly StoredEvent[], position: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.position ?? 0) >= position) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function matcherOf(options: ReadReq.Options): (event: StoredEvent) => boolean {
  const filter = options.getFilter();
  if (filter === undefined) return () => true;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const pattern = new RegExp(expression?.getRegex() || '');
  const prefixes = expression?.getPrefixList() ?? [];
  return (event) => {
    const text = byStream === undefined ? event.type : event.stream;
    if (prefixes.length > 0) return prefixes.some((prefix) => text.startsWith(prefix));
    return pattern.test(text);
  };
}

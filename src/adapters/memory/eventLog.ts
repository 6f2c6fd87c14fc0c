import type { NewEvent, RecordedEvent } from '../../domain/events/envelope.ts';
import { planUpcast, type UpcastTable, upcastTable } from '../../domain/events/upcast.ts';
import type { AppendOutcome, EventBatch, EventLog, StreamAppend } from '../../projections/ports.ts';
import { checkCall, isUuid, refuseId } from '../eventLimits.ts';
import { HeadSignal } from '../headSignal.ts';
import {
  compareNumbered,
  distanceNumbered,
  type NumberedSource,
  parseNumbered,
  positionAfter,
  positionOf,
  readFeed,
  refuseClosed,
  type Stretch,
  subscribeFeed,
} from '../numberedFeed.ts';
import { MemoryStream } from './memoryStream.ts';

export interface MemoryLogOptions {
  clock: () => number;
  upcast?: UpcastTable;
}

interface Memory extends NumberedSource {
  head: number;
  closed: boolean;
  readonly events: RecordedEvent[];
  readonly ids: Set<string>;
  readonly streams: Map<string, MemoryStream>;
  lastRecordedAt: number;
  expiredBefore: number | undefined;
}

export function createMemoryLog({ clock, upcast = upcastTable }: MemoryLogOptions): EventLog {
  const lift = (event: RecordedEvent): RecordedEvent => lifted(upcast, event);
  const memory: Memory = {
    head: 0,
    closed: false,
    grown: new HeadSignal(),
    events: [],
    ids: new Set(),
    streams: new Map(),
    lastRecordedAt: Number.NEGATIVE_INFINITY,
    expiredBefore: undefined,
    stretch: async (after, until, maxEvents) => stretchOf(memory, after, until, maxEvents, lift),
  };
  return {
    append: async (appends) => {
      refuseClosed(memory);
      return append(memory, appends, clock());
    },
    read: (options) => readFeed(memory, options),
    subscribe: (options) => subscribeFeed(memory, options),
    head: async () => positionAfter(memory.head),
    compare: compareNumbered,
    distance: distanceNumbered,
    parsePosition: parseNumbered,
    readStream: (stream, options = {}) => {
      refuseClosed(memory);
      const events = memory.streams.get(stream)?.from(options.fromRevision ?? 0) ?? [];
      return readStream(events.map(lift), options.signal);
    },
    readByTime: (range) => {
      refuseClosed(memory);
      return readByTime(memory, range, lift);
    },
    expire: async ({ before, keep }) => {
      refuseClosed(memory);
      return expire(memory, before, (event) => keep(lift(event)));
    },
    maintain: async () => refuseClosed(memory),
    stats: async () => ({
      bytes: 0,
      events: memory.events.length,
      firstRecordedAt: memory.events[0]?.recordedAt,
      lastRecordedAt: memory.events.at(-1)?.recordedAt,
      expiredBefore: memory.expiredBefore,
    }),
    ping: async () => refuseClosed(memory),
    close: async () => {
      memory.closed = true;
      memory.grown.notify();
    },
  };
}

function append(memory: Memory, appends: readonly StreamAppend[], now: number): AppendOutcome {
  checkCall(appends);
  const recordedAt = Math.max(now, memory.lastRecordedAt);
  const fresh = new Map<string, { event: NewEvent; append: StreamAppend }>();
  const revisions = new Map<string, number | 'none'>();
  let duplicates = 0;
  for (const one of appends) {
    const before = fresh.size;
    for (const event of one.events) {
      if (!isUuid(event.id)) refuseId(event.id);
      if (memory.ids.has(event.id) || fresh.has(event.id)) continue;
      fresh.set(event.id, { event: structuredClone(event), append: one });
    }
    const unseen = fresh.size - before;
    duplicates += one.events.length - unseen;
    const actual = revisions.get(one.stream) ?? memory.streams.get(one.stream)?.revision ?? 'none';
    const repeated = one.events.length > 0 && unseen === 0;
    if (one.expected !== 'any' && one.expected !== actual && !repeated) {
      return { kind: 'conflict', stream: one.stream, expected: one.expected, actual };
    }
    if (unseen > 0) revisions.set(one.stream, (actual === 'none' ? -1 : actual) + unseen);
  }
  for (const { event, append } of fresh.values()) record(memory, event, append, recordedAt);
  if (fresh.size > 0) memory.grown.notify();
  return { kind: 'appended', position: positionOf(memory.head), appended: fresh.size, duplicates };
}

function record(
  memory: Memory,
  event: NewEvent,
  { stream, expected }: StreamAppend,
  recordedAt: number,
): void {
  memory.head++;
  memory.lastRecordedAt = recordedAt;
  const recorded: RecordedEvent = { ...event, recordedAt, position: positionOf(memory.head), stream };
  memory.events.push(recorded);
  memory.ids.add(event.id);
  const known = memory.streams.get(stream) ?? new MemoryStream();
  memory.streams.set(stream, known);
  known.add(recorded, expected);
}

function lifted(table: UpcastTable, event: RecordedEvent): RecordedEvent {
  const { version, lift } = planUpcast(table, event.type, event.version);
  return lift === undefined ? event : ({ ...event, version, data: lift(event.data) } as RecordedEvent);
}

/** The index of the first event that `matches`; every later one must match too. */
function firstIndex(events: readonly RecordedEvent[], matches: (event: RecordedEvent) => boolean): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (matches(events[middle] as RecordedEvent)) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Lift = (event: RecordedEvent) => RecordedEvent;

function stretchOf(memory: Memory, after: number, until: number, maxEvents: number, lift: Lift): Stretch {
  const start = firstIndex(memory.events, (event) => Number(event.position) > after);
  const end = firstIndex(memory.events, (event) => Number(event.position) > until);
  const events = memory.events.slice(start, Math.min(end, start + maxEvents)).map(lift);
  const to = end - start > maxEvents ? Number(events.at(-1)?.position) : until;
  return { events, to };
}

async function* readStream(
  events: readonly RecordedEvent[],
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly RecordedEvent[]> {
  if (events.length > 0 && !signal?.aborted) yield events;
}

async function* readByTime(
  memory: Memory,
  range: { fromTime: number; toTime: number; signal?: AbortSignal },
  lift: Lift,
): AsyncGenerator<EventBatch> {
  const start = firstIndex(memory.events, (event) => event.recordedAt >= range.fromTime);
  const end = firstIndex(memory.events, (event) => event.recordedAt >= range.toTime);
  const events = memory.events.slice(start, end);
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined || range.signal?.aborted) return;
  yield { events: events.map(lift), from: positionAfter(Number(first.position) - 1), to: last.position };
}

function expire(memory: Memory, before: number, keep: (event: RecordedEvent) => boolean): number {
  memory.expiredBefore = Math.max(before, memory.expiredBefore ?? before);
  const end = firstIndex(memory.events, (event) => event.recordedAt >= before);
  const old = memory.events.slice(0, end);
  const kept = old.filter(keep);
  const forgotten = new Set(old);
  for (const event of kept) forgotten.delete(event);
  memory.events.splice(0, end, ...kept);
  for (const event of forgotten) {
    memory.ids.delete(event.id);
    memory.streams.get(event.stream)?.forget(forgotten);
  }
  return forgotten.size;
}

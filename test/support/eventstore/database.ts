import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export interface ProposedEvent {
  id: string;
  type: string;
  contentType: string;
  data: Uint8Array;
  metadata: Uint8Array;
}

export interface StoredEvent extends ProposedEvent {
  stream: string;
  revision: number;
  position: number;
  /** Epoch milliseconds, by the server's clock. */
  created: number;
}

export type Expectation = 'any' | 'exists' | 'none' | number;

export type Appended =
  | { kind: 'success'; revision: number; position: number | undefined }
  | { kind: 'wrong version'; current: number | undefined };

/** What a place outlives: the events. Everything else a server forgets when it stops. */
export class StandInDisk {
  readonly events: StoredEvent[] = [];
  private readonly file: string | undefined;

  constructor(file?: string) {
    this.file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      // A process that was killed may have left half a line.
      if (line.endsWith('}')) this.events.push(fromLine(line));
    }
  }

  write(events: readonly StoredEvent[]): void {
    this.events.push(...events);
    if (this.file !== undefined) appendFileSync(this.file, events.map(toLine).join(''));
  }
}

const toLine = (event: StoredEvent): string =>
  `${JSON.stringify({ ...event, data: base64(event.data), metadata: base64(event.metadata) })}\n`;

function fromLine(line: string): StoredEvent {
  const event = JSON.parse(line) as StoredEvent & { data: string; metadata: string };
  return {
    ...event,
    data: Buffer.from(event.data, 'base64'),
    metadata: Buffer.from(event.metadata, 'base64'),
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** A record's frame in the log, about. */
const RECORD_OVERHEAD = 90;
const FIRST_POSITION = 1_024;
/** A real server remembers some hundred thousand ids, and forgets them when it stops. */
const REMEMBERED_IDS = 5_000;
const DELETED = Number.MAX_SAFE_INTEGER;

interface StreamBounds {
  truncateBefore: number;
  maxCount: number;
}

/** The rules of the server for streams, revisions and repeated appends, over a list of events. */
export class StandInDatabase {
  readonly disk: StandInDisk;
  readonly clock: () => number;
  private readonly streams = new Map<string, StoredEvent[]>();
  /** The last revision that a stream has had, also where its events have been scavenged. */
  private readonly lastRevisions = new Map<string, number>();
  private readonly bounds = new Map<string, StreamBounds>();
  private remembered = new Map<string, { stream: string; revision: number }>();
  private readonly boundaries = new Set<number>();
  private end = FIRST_POSITION;
  private readonly listeners = new Set<() => void>();

  constructor(disk: StandInDisk, clock: () => number) {
    this.disk = disk;
    this.clock = clock;
    for (const event of disk.events) this.index(event);
  }

  get events(): readonly StoredEvent[] {
    return this.disk.events;
  }

  onAppended(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  append(stream: string, expected: Expectation, events: readonly ProposedEvent[]): Appended {
    const current = this.lastRevision(stream);
    const softDeleted = this.boundsOf(stream).truncateBefore === DELETED;
    const repeated = this.repeated(stream, expected, current, softDeleted, events);
    if (repeated !== undefined) return repeated;
    const created = this.clock();
    const stored = events.map((event, i): StoredEvent => {
      const position = this.end;
      this.end += RECORD_OVERHEAD + stream.length * 2 + event.data.length + event.metadata.length;
      return { ...event, stream, revision: current + 1 + i, position, created };
    });
    this.disk.write(stored);
    for (const event of stored) {
      this.index(event);
      this.remembered.set(event.id, { stream, revision: event.revision });
    }
    this.forgetOldIds();
    for (const listener of [...this.listeners]) listener();
    return { kind: 'success', revision: current + stored.length, position: stored.at(-1)?.position };
  }

  /** The server's checks before a commit; undefined when it may go on. */
  private repeated(
    stream: string,
    expected: Expectation,
    current: number,
    softDeleted: boolean,
    events: readonly ProposedEvent[],
  ): Appended | undefined {
    const wrong: Appended = { kind: 'wrong version', current: current < 0 ? undefined : current };
    if (expected === 'exists' && current < 0) return wrong;
    if (expected === 'any' || expected === 'exists') {
      const known = events.map(({ id }) => this.remembered.get(id)).filter((one) => one?.stream === stream);
      if (known.length === 0 || this.remembered.get(events[0]?.id ?? '')?.stream !== stream) return undefined;
      if (known.length < events.length) return wrong;
      return this.again(stream, known.at(-1)?.revision ?? current);
    }
    const expectedRevision = expected === 'none' ? -1 : expected;
    if (expectedRevision === current) return undefined;
    if (expectedRevision > current) return wrong;
    if (expected === 'none' && softDeleted) return undefined;
    const same = events.every(({ id }, i) => this.at(stream, expectedRevision + 1 + i)?.id === id);
    if (!same) return wrong;
    return this.again(stream, expectedRevision + events.length);
  }

  /** The answer to an append that is there already; a server tells its position as far as it can still read it. */
  private again(stream: string, revision: number): Appended {
    return { kind: 'success', revision, position: this.at(stream, revision)?.position };
  }

  delete(stream: string): number {
    const truncateBefore = JSON.stringify({ $tb: DELETED });
    const event: ProposedEvent = {
      id: crypto.randomUUID(),
      type: '$metadata',
      contentType: 'application/json',
      data: Buffer.from(truncateBefore),
      metadata: new Uint8Array(),
    };
    this.append(`$$${stream}`, 'any', [event]);
    return this.end;
  }

  lastRevision(stream: string): number {
    return this.lastRevisions.get(stream) ?? -1;
  }

  /** What can still be read of a stream, oldest first; undefined where there is none. */
  readable(stream: string): StoredEvent[] | undefined {
    const events = this.streams.get(stream);
    const { truncateBefore, maxCount } = this.boundsOf(stream);
    if (events === undefined || truncateBefore === DELETED) return undefined;
    const first = Math.max(truncateBefore, this.lastRevision(stream) - maxCount + 1);
    return events.filter(({ revision }) => revision >= first);
  }

  /** Forgets for good what streams have let go; the last event of each stream stays, as on a real server. */
  scavenge(): void {
    for (const [stream, events] of this.streams) {
      const readable = new Set(this.readable(stream) ?? []);
      const kept = events.filter((event, i) => readable.has(event) || i === events.length - 1);
      this.streams.set(stream, kept);
    }
    const left = [...this.streams.values()].flat().sort((a, b) => a.position - b.position);
    this.disk.events.splice(0, this.disk.events.length, ...left);
  }

  /** Where a record begins, or began, or the log ends. */
  isBoundary(position: number): boolean {
    return this.boundaries.has(position) || position === this.end || position === 0;
  }

  /** What a restart takes from a server. */
  forgetIds(): void {
    this.remembered.clear();
  }

  private at(stream: string, revision: number): StoredEvent | undefined {
    return this.streams.get(stream)?.find((event) => event.revision === revision);
  }

  private boundsOf(stream: string): StreamBounds {
    return this.bounds.get(stream) ?? { truncateBefore: 0, maxCount: Number.POSITIVE_INFINITY };
  }

  private index(event: StoredEvent): void {
    const { stream, data, metadata, position, revision } = event;
    const events = this.streams.get(stream) ?? [];
    events.push(event);
    this.streams.set(stream, events);
    this.lastRevisions.set(stream, revision);
    this.boundaries.add(position);
    this.end = Math.max(
      this.end,
      position + RECORD_OVERHEAD + stream.length * 2 + data.length + metadata.length,
    );
    if (stream.startsWith('$$')) this.bounds.set(stream.slice(2), boundsIn(data));
  }

  private forgetOldIds(): void {
    const surplus = this.remembered.size - REMEMBERED_IDS;
    if (surplus <= 0) return;
    this.remembered = new Map([...this.remembered].slice(surplus));
  }
}

function boundsIn(data: Uint8Array): StreamBounds {
  const { $tb = 0, $maxCount = Number.POSITIVE_INFINITY } = JSON.parse(Buffer.from(data).toString()) as {
    $tb?: number;
    $maxCount?: number;
  };
  return { truncateBefore: $tb, maxCount: $maxCount };
}

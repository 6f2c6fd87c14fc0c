import type { NewEvent, RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import type { StoreLayout } from '../domain/storeLayout.ts';

/** What an append demands of a stream before it is carried out. */
export type ExpectedRevision = 'any' | 'none' | number;

export interface StreamAppend {
  stream: string;
  events: readonly NewEvent[];
  /** `any` for telemetry; `none` or the revision last seen for streams that decide. */
  expected: ExpectedRevision;
}

export type AppendOutcome =
  | {
      kind: 'appended';
      /** At or after every event of the call, those seen before included. */
      position: Position;
      appended: number;
      /** Ids that were in the log already, or twice in this call. */
      duplicates: number;
    }
  | { kind: 'conflict'; stream: string; expected: ExpectedRevision; actual: number | 'none' };

/** A stretch of the log: every event with `from < position <= to`. `from` is undefined at the very start. */
export interface EventBatch {
  events: readonly RecordedEvent[];
  from: Position | undefined;
  to: Position;
}

export interface ReadOptions {
  after?: Position | undefined;
  /** Inclusive. */
  until?: Position | undefined;
  maxEvents?: number;
  signal?: AbortSignal;
}

export interface LogStats {
  bytes: number;
  /** Events that can still be read. */
  events: number;
  firstRecordedAt: number | undefined;
  lastRecordedAt: number | undefined;
  /** The latest `before` of an `expire`: what was recorded earlier may be gone. */
  expiredBefore: number | undefined;
}

/** What readers of the log rely on; the embedded profile's log and the distributed profile's topic both give it. */
export interface EventFeed {
  /** Ends when it has reached `until`, or the head as it was when called. */
  read(options?: ReadOptions): AsyncIterable<EventBatch>;
  /** Never ends by itself: catches up, then goes on live, without a gap or a repetition between the two. */
  subscribe(options?: ReadOptions): AsyncIterable<EventBatch>;
  /** The newest position, undefined while the log is empty. */
  head(): Promise<Position | undefined>;
  compare(a: Position, b: Position): number;
  /** About how many events lie behind `from` up to and with `to`; for showing a lag, not for arithmetic. */
  distance(from: Position | undefined, to: Position): number;
  /** Turns a stranger's text into a position, or undefined when it is none of ours. */
  parsePosition(text: string): Position | undefined;
}

export interface EventLog extends EventFeed {
  /**
   * All appends of one call are carried out in one commit or not at all. Resolves when they are on disk.
   * Throws `LogUnavailableError` when they cannot be (disk full, store away); nothing is half stored then.
   */
  append(appends: readonly StreamAppend[]): Promise<AppendOutcome>;
  readStream(
    stream: string,
    options?: { fromRevision?: number; signal?: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]>;
  /** Events recorded in `[fromTime, toTime)`, epoch milliseconds, in log order. */
  readByTime(range: { fromTime: number; toTime: number; signal?: AbortSignal }): AsyncIterable<EventBatch>;
  /**
   * Forgets events recorded before `before`, except those that `keep` holds on to, which stay readable at their
   * positions. Returns how many were forgotten.
   */
  expire(options: { before: number; keep: (event: RecordedEvent) => boolean }): Promise<number>;
  /** Housekeeping in small steps; readers and appends go on meanwhile. */
  maintain(): Promise<void>;
  stats(): Promise<LogStats>;
  /** Throws when the log cannot take an append now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type LogUnavailableReason = 'disk_full' | 'unreachable' | 'closed' | 'failed';

export class LogUnavailableError extends Error {
  readonly reason: LogUnavailableReason;
  constructor(reason: LogUnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogUnavailableError';
    this.reason = reason;
  }
}

/** One set of tables of a projection and how far it has come. */
export interface Generation {
  /** The projection's version that built it. */
  version: number;
  /** Counts the rebuilds; names the tables together with `version`. */
  number: number;
  done?: Position;
  /** Written before the insert that it names is begun, so that a restart repeats the very same batch. */
  pending?: { from?: Position; to: Position };
}

export interface Checkpoint {
  /** What readers see. */
  active: Generation;
  /** What a rebuild is making beside it. */
  building?: Generation;
  /** Of a lane, which all projections share: where each of them stands, if not at the end of `active` with nothing pending. */
  projections?: Readonly<Record<string, Pick<Generation, 'done' | 'pending'>>>;
}

export interface CheckpointStore {
  load(name: string): Promise<Checkpoint | undefined>;
  /** Resolves when it is on disk. */
  save(name: string, checkpoint: Checkpoint): Promise<void>;
  remove(name: string): Promise<void>;
  list(): Promise<string[]>;
}

/** Another process has gone on from here: what this one would save is out of date, and so is what it holds. */
export class CheckpointTakenError extends Error {
  constructor(name: string) {
    super(`Another process has gone on with ${name}.`);
    this.name = 'CheckpointTakenError';
  }
}

/** Who does what one process at a time should do. */
export interface Leases {
  /**
   * Takes or renews; false while another process holds it. It goes by the holders' clocks, so it saves double work and
   * guards nothing.
   */
  hold(name: string, forMs: number): Promise<boolean>;
  /** Lets others have it at once; nothing when it is not held here. */
  release(name: string): Promise<void>;
}

export interface RowBatch {
  table: string;
  columns: readonly { name: string; type: string }[];
  /** ClickHouse RowBinary, in the order of `columns`. */
  rows: Uint8Array;
  rowCount: number;
  /** The same token twice is one insert, as far as the store remembers; without text there is none. */
  token: string;
}

/** The read models' home. Written by projections alone. */
export interface ReadStore {
  /** What its databases are called, and whether a table is spread over several machines. */
  readonly layout: StoreLayout;
  /** One statement that changes structure or data. */
  command(sql: string): Promise<void>;
  insert(batch: RowBatch): Promise<void>;
  /**
   * Takes in a batch that may be in already, as a whole or in part, or is still on its way. A store without it cannot
   * tell by the token; what its tables hold decides there.
   */
  repeat?(batch: RowBatch): Promise<void>;
  /** Values are written into the text with `sql` from `./sql.ts`, never by hand. 64-bit integers come as strings. */
  query<T>(sql: string, options?: { signal?: AbortSignal }): Promise<T[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

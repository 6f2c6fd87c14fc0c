import { createHash } from 'node:crypto';
import { isTelemetry } from '../domain/events/catalogue.ts';
import type { RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import { retentionOf } from '../domain/retention.ts';
import type { AppendOutcome, EventFeed, StreamAppend } from './ports.ts';

/**
 * Moves a log to another store: every event with its id, its stream and its times, in the same order. What was cut off
 * goes on where it was when it is begun again, and in the end both logs are read and compared.
 */

/** Where it goes. */
export interface MoveTarget {
  log: Pick<EventFeed, 'read'>;
  /** Behind all that is there, in this order, as recorded at the time given. Later calls have no earlier times. */
  keep(appends: readonly StreamAppend[], recordedAt: number): Promise<Kept>;
}

type Kept =
  | Extract<AppendOutcome, { kind: 'conflict' }>
  | Pick<Extract<AppendOutcome, { kind: 'appended' }>, 'kind' | 'appended' | 'duplicates'>;

export interface MoveProgress {
  phase: 'comparing' | 'copying' | 'verifying';
  events: number;
}

export interface MoveOptions {
  onProgress(progress: MoveProgress): void;
  signal: AbortSignal;
}

export interface Moved {
  events: number;
  /** Those that an earlier try had brought over. */
  present: number;
  /** SHA-256 over every event in its order, the same for both logs. */
  checksum: string;
}

/** What the target holds is no part of what is moved, or was not taken as it was given. */
export class MoveError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MoveError';
  }
}

type Readable = Pick<EventFeed, 'read'>;

const eventsAtOnce = 2_000;

export async function moveLog(source: Readable, target: MoveTarget, options: MoveOptions): Promise<Moved> {
  const copier = createCopier(target);
  const { after, present } = await sharedPart(source, target.log, copier.count, options);
  let events = present;
  for await (const batch of source.read({ after, maxEvents: eventsAtOnce, signal: options.signal })) {
    await copier.copy(batch.events);
    events += batch.events.length;
    options.onProgress({ phase: 'copying', events });
  }
  options.signal.throwIfAborted();
  const wanted = await checksumOf(source, options);
  const found = await checksumOf(target.log, options);
  if (wanted !== found)
    throw new MoveError(`The logs differ: ${wanted} was to be moved, and ${found} is there now.`);
  return { events, present, checksum: found };
}

/** Up to where the target holds the same events already. Anything else in it is somebody else's. */
async function sharedPart(
  source: Readable,
  target: Readable,
  count: (event: RecordedEvent) => void,
  { onProgress, signal }: MoveOptions,
): Promise<{ after: Position | undefined; present: number }> {
  const wanted = eventsOf(source, signal);
  let after: Position | undefined;
  let present = 0;
  for await (const found of eventsOf(target, signal)) {
    const { value } = await wanted.next();
    if (value === undefined || lineOf(value) !== lineOf(found))
      throw new MoveError(
        `The target holds events of another log: number ${present + 1} is ${found.id}, where ${value?.id ?? 'the end'} was expected. Choose an empty one.`,
      );
    count(value);
    after = value.position;
    present += 1;
    if (present % eventsAtOnce === 0) onProgress({ phase: 'comparing', events: present });
  }
  await wanted.return(undefined);
  signal.throwIfAborted();
  return { after, present };
}

async function* eventsOf(log: Readable, signal: AbortSignal): AsyncGenerator<RecordedEvent, undefined> {
  for await (const { events } of log.read({ maxEvents: eventsAtOnce, signal })) yield* events;
  return undefined;
}

function createCopier(target: MoveTarget) {
  /** The revision that each deciding stream has in the target. */
  const revisions = new Map<string, number>();

  // Deploys and feedback are kept long as well, but stand in streams of telemetry, which have no revisions to meet.
  const isDeciding = ({ type }: RecordedEvent): boolean => !isTelemetry(type) && retentionOf(type) !== 'raw';

  function count(event: RecordedEvent): void {
    if (isDeciding(event)) revisions.set(event.stream, (revisions.get(event.stream) ?? -1) + 1);
  }

  function appendOf(event: RecordedEvent): StreamAppend {
    const { position: _position, recordedAt: _recordedAt, stream, ...given } = event;
    const expected = isDeciding(event) ? (revisions.get(stream) ?? 'none') : 'any';
    count(event);
    return { stream, events: [given as StreamAppend['events'][number]], expected };
  }

  async function keep(appends: readonly StreamAppend[], recordedAt: number): Promise<void> {
    const outcome = await target.keep(joined(appends), recordedAt);
    if (outcome.kind === 'conflict')
      throw new MoveError(`Somebody else has written to ${outcome.stream} of the target meanwhile.`);
    if (outcome.duplicates > 0)
      throw new MoveError('The target knows some of the ids already: it holds events of another log.');
  }

  return {
    count,
    async copy(events: readonly RecordedEvent[]): Promise<void> {
      let run: StreamAppend[] = [];
      let at: number | undefined;
      for (const event of events) {
        if (at !== undefined && event.recordedAt !== at) {
          await keep(run, at);
          run = [];
        }
        at = event.recordedAt;
        run.push(appendOf(event));
      }
      if (at !== undefined) await keep(run, at);
    },
  };
}

/** Neighbours of one stream go in one append. */
function joined(appends: readonly StreamAppend[]): StreamAppend[] {
  const all: {
    stream: string;
    events: StreamAppend['events'][number][];
    expected: StreamAppend['expected'];
  }[] = [];
  for (const { stream, events, expected } of appends) {
    const last = all.at(-1);
    if (last?.stream === stream && (last.expected === 'any') === (expected === 'any'))
      last.events.push(...events);
    else all.push({ stream, events: [...events], expected });
  }
  return all;
}

async function checksumOf(log: Readable, { onProgress, signal }: MoveOptions): Promise<string> {
  const hash = createHash('sha256');
  let events = 0;
  for await (const event of eventsOf(log, signal)) {
    hash.update(lineOf(event)).update('\n');
    events += 1;
    if (events % eventsAtOnce === 0) onProgress({ phase: 'verifying', events });
  }
  signal.throwIfAborted();
  return hash.digest('hex');
}

/** Everything but the position, which is the store's own. */
function lineOf({ position: _position, ...event }: RecordedEvent): string {
  return JSON.stringify(sorted(event));
}

/** Stores give fields back in an order of their own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, sorted(one)]),
  );
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ChronoscopeError, type ErrorCode } from '../domain/errors.ts';
import type { NewEvent } from '../domain/events/envelope.ts';
import { toEvent } from '../domain/native/toEvent.ts';
import type { Position } from '../domain/position.ts';
import { Refusal } from '../domain/refusal.ts';
import { streamOf } from '../domain/streams.ts';
import { type EventLog, LogUnavailableError, type StreamAppend } from '../projections/ports.ts';
import {
  type ByteLease,
  createLease,
  defaultIngestLimits,
  type IngestLimits,
  type IngestStats,
  overloaded,
} from './ingestLimits.ts';

export interface Rejection {
  /** Where in the request it stood, from 0; for NDJSON blank lines do not count. */
  index: number;
  code: ErrorCode;
  message: string;
}

export interface IngestAnswer {
  /** Newly stored. With `duplicates` and the rejected ones these are all that were sent. */
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  position: Position;
}

export interface IngestCaller {
  project: string;
  /** See NativeContext. */
  cleanTexts?: boolean;
}

export interface IngestDeps {
  log: Pick<EventLog, 'append'>;
  redact: (event: NewEvent) => NewEvent;
  newId: () => string;
  /** Epoch milliseconds. */
  clock: () => number;
  limits?: Partial<IngestLimits>;
}

export interface Ingest {
  readonly limits: IngestLimits;
  /** Events in the short form, or a Refusal in the place of one that could not even be read. */
  accept(items: readonly unknown[], caller: IngestCaller): Promise<IngestAnswer>;
  /** The same for doors that make events of the catalogue themselves. */
  acceptEvents(events: readonly (NewEvent | Refusal)[]): Promise<IngestAnswer>;
  lease(): ByteLease;
  stats(): IngestStats;
  /** Takes no more, and resolves when everything taken is on disk or refused. */
  drain(): Promise<void>;
}

// A large batch gives the loop back now and then, so that small requests beside it are not kept waiting.
const eventsPerTurn = 1_000;

/**
 * Consecutive events of one stream go together. The order of the request stays as it was sent, so a stream may come
 * up more than once in a call.
 */
export function groupByStream(events: readonly NewEvent[]): StreamAppend[] {
  const appends: StreamAppend[] = [];
  let current: NewEvent[] = [];
  let stream: string | undefined;
  for (const event of events) {
    const next = streamOf(event);
    if (next !== stream) {
      current = [];
      stream = next;
      appends.push({ stream, events: current, expected: 'any' });
    }
    current.push(event);
  }
  return appends;
}

function nothingAccepted(sent: number, rejected: Rejection[]): ChronoscopeError {
  const [first] = rejected;
  if (first === undefined) return new ChronoscopeError('CHR_INVALID_REQUEST', 'The body holds no event.');
  const alike = rejected.every(({ code }) => code === first.code);
  const what = sent === 1 ? 'The event was not accepted' : `None of the ${sent} events was accepted`;
  return new ChronoscopeError(
    alike ? first.code : 'CHR_INVALID_EVENT',
    `${what}: ${first.message}${sent === 1 ? '' : ` (event ${first.index})`}`,
    { details: { accepted: 0, duplicates: 0, rejected } },
  );
}

export function createIngest(deps: IngestDeps): Ingest {
  const { log, redact, newId, clock } = deps;
  const limits: IngestLimits = { ...defaultIngestLimits, ...deps.limits };
  const stats: IngestStats = {
    accepted: 0,
    duplicates: 0,
    rejected: 0,
    refusedRequests: 0,
    pendingEvents: 0,
    pendingBytes: 0,
  };
  const inHand = new Set<Promise<unknown>>();
  let draining = false;

  function refuse(error: ChronoscopeError): never {
    stats.refusedRequests++;
    throw error;
  }

  /** One request that is larger than the whole allowance still passes when it is alone. */
  function takePlace(events: number): void {
    if (draining)
      refuse(new ChronoscopeError('CHR_SHUTTING_DOWN', 'The engine is stopping.', { retryAfterSeconds: 1 }));
    if (stats.pendingEvents > 0 && stats.pendingEvents + events > limits.maxPendingEvents)
      refuse(overloaded(`${stats.pendingEvents} events wait`));
    stats.pendingEvents += events;
  }

  async function store(
    events: readonly NewEvent[],
    sent: number,
    rejected: Rejection[],
  ): Promise<IngestAnswer> {
    stats.rejected += rejected.length;
    if (events.length === 0) throw nothingAccepted(sent, rejected);
    const outcome = await appendOrExplain(log, groupByStream(events));
    stats.accepted += outcome.appended;
    stats.duplicates += outcome.duplicates;
    const { appended, duplicates, position } = outcome;
    return { accepted: appended, duplicates, rejected, position };
  }

  async function run(
    items: readonly unknown[],
    make: (item: unknown) => NewEvent | Refusal,
  ): Promise<IngestAnswer> {
    const events: NewEvent[] = [];
    const rejected: Rejection[] = [];
    for (let index = 0; index < items.length; index++) {
      if (index > 0 && index % eventsPerTurn === 0) await nextTurn();
      const item = items[index];
      const made = item instanceof Refusal ? item : make(item);
      if (made instanceof Refusal) rejected.push({ index, code: made.code, message: made.message });
      else events.push(redact(made));
    }
    return store(events, items.length, rejected);
  }

  async function tracked(
    items: readonly unknown[],
    make: (item: unknown) => NewEvent | Refusal,
  ): Promise<IngestAnswer> {
    if (items.length > limits.maxEventsPerRequest) throw tooMany(items.length, limits);
    takePlace(items.length);
    const work = run(items, make);
    inHand.add(work);
    try {
      return await work;
    } finally {
      inHand.delete(work);
      stats.pendingEvents -= items.length;
    }
  }

  return {
    limits,
    accept(items, caller) {
      const context = { ...caller, now: clock(), newId };
      return tracked(items, (item) => toEvent(item, context));
    },
    acceptEvents: (events) => tracked(events, (event) => event as NewEvent),
    lease: () => createLease(stats, limits, refuse),
    stats: () => ({ ...stats }),
    async drain() {
      draining = true;
      await Promise.allSettled(inHand);
    },
  };
}

const tooMany = (count: number, { maxEventsPerRequest }: IngestLimits) =>
  new ChronoscopeError(
    'CHR_BODY_TOO_LARGE',
    `The body holds ${count} events; at most ${maxEventsPerRequest} are taken at once.`,
    { details: { maxEvents: maxEventsPerRequest } },
  );

async function appendOrExplain(log: Pick<EventLog, 'append'>, appends: StreamAppend[]) {
  try {
    const outcome = await log.append(appends);
    if (outcome.kind === 'appended') return outcome;
    throw new Error(`The log reported a conflict on ${outcome.stream}, though no revision was expected.`);
  } catch (error) {
    if (!(error instanceof LogUnavailableError)) throw error;
    throw new ChronoscopeError('CHR_LOG_UNAVAILABLE', `The event log cannot take events: ${error.message}`, {
      details: { reason: error.reason },
      retryAfterSeconds: error.reason === 'disk_full' ? 30 : 5,
      cause: error,
    });
  }
}

import type { EventData } from '@eventstore/db-client';
import { ChronoscopeError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events/envelope.ts';
import type { AppendOutcome, StreamAppend } from '../../projections/ports.ts';
import { checkCall, isUuid, refuseId } from '../eventLimits.ts';
import { type Delivered, deliver, idsIn } from './deliver.ts';
import { isOurStream, type SentEvent, toServer } from './envelope.ts';
import { unavailable } from './failures.ts';
import type { LogState } from './logState.ts';
import { type CallPlan, conflictOf, planCall, type StreamPlan } from './plan.ts';
import { positionText } from './position.ts';
import { lastEvent } from './readBack.ts';

interface Portion {
  plan: StreamPlan;
  /** Each below the server's limit. */
  parts: EventData[][];
}

interface Tally {
  appended: number;
  duplicates: number;
  position: bigint;
}

/** Appends to different streams of one call that are under way at the same time. */
const STREAMS_AT_ONCE = 64;

export function append(log: LogState, appends: readonly StreamAppend[]): Promise<AppendOutcome> {
  check(appends);
  const ids = appends.flatMap(({ events }) => events.map(({ id }) => id));
  return log.ids.alone(ids, () =>
    carryOut(
      log,
      planCall(appends, (id) => log.ids.has(id)),
    ),
  );
}

function check(appends: readonly StreamAppend[]): void {
  checkCall(appends);
  for (const { stream, events } of appends) {
    for (const { id } of events) if (!isUuid(id)) refuseId(id);
    if (!isOurStream(stream)) {
      throw new ChronoscopeError(
        'CHR_INVALID_EVENT',
        `The event store keeps streams named like ${stream} to itself.`,
      );
    }
  }
}

async function carryOut(log: LogState, plan: CallPlan): Promise<AppendOutcome> {
  const until = performance.now() + log.appendTimeoutMs;
  const portions = plan.streams.map((stream) => portionOf(log, stream));
  const decided = portions.filter(({ plan: { base } }) => base !== 'any');
  // What is decided elsewhere in the meantime is found out by the append itself, as long as it is the first.
  if (decided.length > 1 || decided.some(needsLook)) {
    for (const portion of decided) {
      const conflict = await conflictBefore(log, portion);
      if (conflict !== undefined) return conflict;
    }
  }
  const tally: Tally = { appended: 0, duplicates: plan.duplicates, position: log.newest ?? 0n };
  for (const portion of decided) {
    const conflict = await store(log, portion, tally, until);
    if (conflict !== undefined) return conflict;
  }
  const rest = portions.filter(({ plan: { base } }) => base === 'any');
  await manyAtOnce(rest, STREAMS_AT_ONCE, (portion) => store(log, portion, tally, until));
  log.sawPosition(tally.position);
  const { appended, duplicates, position } = tally;
  return { kind: 'appended', position: positionText(position), appended, duplicates };
}

const needsLook = ({ plan }: Portion): boolean =>
  plan.events.length === 0 || plan.contradiction !== undefined;

function portionOf(log: LogState, plan: StreamPlan): Portion {
  const parts: EventData[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of plan.events) {
    const sent = toServer(event, log.recordedAt?.(event));
    if (sent.bytes > log.maxAppendBytes) refuseSize(event, sent, log.maxAppendBytes);
    if (bytes + sent.bytes > log.maxAppendBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(sent.event);
    bytes += sent.bytes;
  }
  return { plan, parts };
}

function refuseSize({ type, id }: NewEvent, { bytes }: SentEvent, most: number): never {
  throw new ChronoscopeError(
    'CHR_BODY_TOO_LARGE',
    `${type} ${id} takes ${bytes} bytes, and the event store takes ${most} at once: send it with shorter texts.`,
  );
}

async function conflictBefore(log: LogState, { plan }: Portion): Promise<AppendOutcome | undefined> {
  try {
    const last = await lastEvent(log.connection, plan.stream, log.appendTimeoutMs);
    const conflict = conflictOf(plan, last === undefined ? -1 : Number(last.revision));
    return conflict === undefined || (await isRepeated(log, plan)) ? undefined : conflict;
  } catch (error) {
    throw unavailable(error, log.connection.hosts);
  }
}

/** An append that is there already, whole, is no conflict but comes again. */
async function isRepeated(log: LogState, { stream, events }: StreamPlan): Promise<boolean> {
  if (events.length === 0) return false;
  const { ids } = await idsIn(log.connection, stream, events, performance.now() + log.appendTimeoutMs);
  return ids.size === events.length;
}

async function store(
  log: LogState,
  { plan, parts }: Portion,
  tally: Tally,
  until: number,
): Promise<AppendOutcome | undefined> {
  let { base } = plan;
  for (const part of parts) {
    const ids = part.map(({ id }) => id);
    const before = log.newest ?? 0n;
    const doubtful = ids.some((id) => log.ids.isDoubtful(id));
    const delivery = { stream: plan.stream, expected: base, events: part, doubtful };
    const delivered = await deliver(log.connection, delivery, until).catch((error: unknown) => {
      log.ids.doubt(ids);
      throw error;
    });
    if (delivered.kind === 'conflict') {
      if (!(await isRepeated(log, plan))) return conflictOf(plan, delivered.actual);
      count(
        tally,
        { kind: 'stored', revision: undefined, position: undefined, found: new Set(ids) },
        part,
        before,
      );
    } else {
      count(tally, await withPosition(log, plan.stream, delivered), part, before);
    }
    log.ids.add(ids);
    if (base !== 'any') base += part.length;
  }
  return undefined;
}

/** A server that finds an append repeated may keep its position to itself. */
async function withPosition(log: LogState, stream: string, stored: Delivered & { kind: 'stored' }) {
  if (stored.position !== undefined || stored.revision === undefined) return stored;
  const last = await lastEvent(log.connection, stream, log.appendTimeoutMs);
  const found = new Set(stored.found);
  if (last !== undefined) found.add(last.id);
  return { ...stored, position: last?.position?.commit, repeated: true };
}

function count(
  tally: Tally,
  stored: Delivered & { kind: 'stored'; repeated?: boolean },
  part: readonly EventData[],
  before: bigint,
): void {
  const { position, found, repeated } = stored;
  // A position that this process had seen before is that of an earlier append of the same.
  const all = repeated === true || (position !== undefined && position <= before);
  const known = all ? part.length : found.size;
  tally.duplicates += known;
  tally.appended += part.length - known;
  if (position !== undefined && position > tally.position) tally.position = position;
}

async function manyAtOnce<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

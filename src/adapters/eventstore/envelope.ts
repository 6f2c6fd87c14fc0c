import type { EventData, RecordedEvent as ServerEvent } from '@eventstore/db-client';
import type { Envelope, NewEvent, RecordedEvent } from '../../domain/events/envelope.ts';
import { planUpcast, type UpcastTable } from '../../domain/events/upcast.ts';
import { isUuid } from '../eventLimits.ts';
import { positionText } from './position.ts';

/** The form of the metadata below; an event without it is another program's. */
const FORM = 1;

/** What the server keeps beside an event's data. */
interface Metadata extends Omit<Envelope, 'id'> {
  chronoscope: typeof FORM;
  /** The server's own name for what belongs together; its projections and viewers follow it. */
  $correlationId?: string;
  version: number;
  /** When another log took the event, for one that was moved here. Otherwise the server's own time counts. */
  recordedAt?: number;
}

/** An event as it is sent, and what it weighs for the server's limit. */
export interface SentEvent {
  event: EventData;
  bytes: number;
}

const encoder = new TextEncoder();

export function toServer(event: NewEvent, recordedAt: number | undefined): SentEvent {
  const { id, type, data, ...envelope } = event;
  const correlation = event.requestId ?? event.traceId;
  const metadata = encoder.encode(
    JSON.stringify({
      chronoscope: FORM,
      ...(correlation !== undefined && { $correlationId: correlation }),
      ...pick(envelope),
      ...(recordedAt !== undefined && { recordedAt }),
    } satisfies Metadata),
  );
  return {
    event: { id, type, contentType: 'application/json', data, metadata } as EventData,
    bytes: Buffer.byteLength(JSON.stringify(data)) + metadata.length + type.length * 2,
  };
}

/** An event that is moved from another log comes with fields of that one. */
function pick(envelope: Omit<NewEvent, 'id' | 'type' | 'data'>) {
  const { version, occurredAt, project, service, requestId, traceId, spanId, parentSpanId, userId } =
    envelope;
  return {
    version,
    occurredAt,
    project,
    service,
    ...(requestId !== undefined && { requestId }),
    ...(traceId !== undefined && { traceId }),
    ...(spanId !== undefined && { spanId }),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(userId !== undefined && { userId }),
  };
}

/** Undefined for an event of another program, or of a stream of our own bookkeeping. */
export function fromServer(event: ServerEvent | undefined, upcast: UpcastTable): RecordedEvent | undefined {
  if (event === undefined || !isOurs(event)) return undefined;
  const { metadata, data, position } = event;
  if (position === undefined) return undefined;
  const {
    chronoscope: _form,
    $correlationId: _correlation,
    recordedAt,
    version,
    ...envelope
  }: Metadata = metadata;
  const { version: lifted, lift } = planUpcast(upcast, event.type as RecordedEvent['type'], version);
  return {
    id: event.id,
    type: event.type,
    version: lift === undefined ? version : lifted,
    ...envelope,
    data: lift === undefined ? data : lift(data as never),
    recordedAt: recordedAt ?? event.created.getTime(),
    position: positionText(position.commit),
    stream: event.streamId,
  } as RecordedEvent;
}

type OurEvent = ServerEvent & { metadata: Metadata; data: object };

export function isOurs(event: ServerEvent): event is OurEvent {
  if (!isOurStream(event.streamId) || !event.isJson || !isUuid(event.id)) return false;
  const { metadata, data } = event;
  return isObject(metadata) && metadata.chronoscope === FORM && isObject(data) && isWhole(metadata);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

const isWhole = ({ version, occurredAt, project, service, recordedAt }: Record<string, unknown>): boolean =>
  Number.isInteger(version) &&
  Number.isFinite(occurredAt) &&
  typeof project === 'string' &&
  typeof service === 'string' &&
  (recordedAt === undefined || Number.isFinite(recordedAt));

/** Streams of our own bookkeeping; no event of them is part of the log. */
export const BOOKKEEPING = 'chronoscope.';

export const isOurStream = (name: string): boolean => !name.startsWith('$') && !name.startsWith(BOOKKEEPING);

/** The same, for the server to leave out what needs not be sent at all. */
export const OUR_STREAMS = '^(?!\\$|chronoscope\\.)';

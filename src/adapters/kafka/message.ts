import type { IHeaders, Message } from 'kafkajs';
import { type EventType, eventSchemas } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { planUpcast, UnknownEventError, type UpcastTable } from '../../domain/events/upcast.ts';
import { laneKey, laneOf } from '../../domain/lanes.ts';
import type { Position } from '../../domain/position.ts';
import type { LaneMessage } from '../../projections/lanes/ports.ts';
import type { EventFeed } from '../../projections/ports.ts';
import { isUuid } from '../eventLimits.ts';

/** How the log that the lanes come from writes its positions. */
export type Positions = Pick<EventFeed, 'compare' | 'parsePosition'>;

export interface CodecOptions {
  lanes: number;
  positions: Positions;
  upcast: UpcastTable;
}

/** What a consumer gives; anybody may have written it. */
export interface ReceivedMessage {
  value: Buffer | null;
  headers?: IHeaders | undefined;
}

export type Decoded =
  | { kind: 'message'; message: LaneMessage }
  | { kind: 'unreadable'; reason: string; position?: string };

/** A message as it is sent, and about what it weighs. docs/kafka.md tells others what stands in it. */
export interface EncodedMessage {
  message: Message;
  bytes: number;
}

/** About what the client adds to a record, and what a record's own lengths take. */
const RECORD_BYTES = 120;

export function encodeMessage(lane: number, { previous, position, event }: LaneMessage): EncodedMessage {
  const place = { position, ...(previous !== undefined && { previous }) };
  if (event === undefined) {
    const headers = { ...place, mark: '1' };
    return { message: { partition: lane, value: Buffer.alloc(0), headers }, bytes: RECORD_BYTES };
  }
  const { position: _, recordedAt, stream, ...value } = event;
  const { type, id } = event;
  const [key, json] = [laneKey(event), Buffer.from(JSON.stringify(value))];
  const headers = { ...place, recordedAt: String(recordedAt), stream, type, id };
  const bytes = RECORD_BYTES + json.length + Buffer.byteLength(key) + Buffer.byteLength(stream);
  return { message: { partition: lane, key, value: json, headers }, bytes };
}

/** Never throws: what it cannot read comes back with the reason. */
export function decodeMessage(lane: number, received: ReceivedMessage, options: CodecOptions): Decoded {
  const text = header(received, 'position');
  try {
    return { kind: 'message', message: read(lane, received, text, options) };
  } catch (error) {
    const reason = reasonOf(error);
    return { kind: 'unreadable', reason, ...(text !== undefined && { position: text }) };
  }
}

/** What a reader makes of a message's place alone; for finding the newest one. */
export function positionIn(received: ReceivedMessage, { parsePosition }: Positions): Position | undefined {
  const text = header(received, 'position');
  return text === undefined ? undefined : parsePosition(text);
}

class Unreadable extends Error {}

function read(
  lane: number,
  received: ReceivedMessage,
  text: string | undefined,
  { lanes, positions, upcast }: CodecOptions,
): LaneMessage {
  if (text === undefined) throw new Unreadable('it has no header `position`');
  const position = parsed(text, 'position', positions);
  const before = header(received, 'previous');
  const previous = before === undefined ? undefined : parsed(before, 'previous', positions);
  if (previous !== undefined && positions.compare(previous, position) > 0)
    throw new Unreadable('its `previous` is behind its `position`');
  if (header(received, 'mark') !== undefined) return { previous, position };
  const event = eventIn(received, position, upcast);
  const belongs = laneOf(event, lanes);
  if (belongs !== lane) throw new Unreadable(`its event belongs to lane ${belongs}`);
  return { previous, position, event };
}

function eventIn(received: ReceivedMessage, position: Position, upcast: UpcastTable): RecordedEvent {
  const { id, type, version, occurredAt, project, service, data, ...rest } = objectIn(received.value);
  const recordedAt = Number(header(received, 'recordedAt') ?? Number.NaN);
  const stream = header(received, 'stream');
  if (!Number.isFinite(recordedAt)) throw new Unreadable('its header `recordedAt` is no time');
  if (stream === undefined) throw new Unreadable('it has no header `stream`');
  if (typeof id !== 'string' || !isUuid(id)) throw new Unreadable('its `id` is no UUID in lower case');
  if (typeof type !== 'string') throw new Unreadable('its `type` is no text');
  if (!isCount(version)) throw new Unreadable('its `version` is no whole number');
  if (typeof occurredAt !== 'number') throw new Unreadable('its `occurredAt` is no number');
  if (typeof project !== 'string') throw new Unreadable('its `project` is no text');
  if (typeof service !== 'string') throw new Unreadable('its `service` is no text');
  const { version: newest, lift } = planUpcast(upcast, type, version);
  const lifted = lift === undefined ? data : lift(data);
  checkData(type, lifted);
  return {
    ...{ id, type, version: newest, occurredAt, project, service, ...links(rest) },
    ...{ data: lifted, recordedAt, position, stream },
  } as RecordedEvent;
}

const linkNames = ['requestId', 'traceId', 'spanId', 'parentSpanId', 'userId'] as const;

function links(rest: Record<string, unknown>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of linkNames) {
    const value = rest[name];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new Unreadable(`its \`${name}\` is no text`);
    found[name] = value;
  }
  return found;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;

function objectIn(value: Buffer | null): Record<string, unknown> {
  if (value === null || value.length === 0) throw new Unreadable('it has no value and is no mark');
  const json: unknown = JSON.parse(decoder.decode(value));
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Unreadable('its value is no JSON object');
  return json as Record<string, unknown>;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A projection relies on the shapes of the catalogue; the log's own doors have checked what is in the log. */
function checkData(type: string, data: unknown): void {
  const schema = Object.hasOwn(eventSchemas, type) ? eventSchemas[type as EventType] : undefined;
  // A table of versions in a test may know types that the catalogue does not.
  if (schema === undefined || schema.safeParse(data).success) return;
  throw new Unreadable(`its \`data\` is not what a ${type} holds`);
}

function parsed(text: string, name: string, { parsePosition }: Positions): Position {
  const position = parsePosition(text);
  if (position === undefined) throw new Unreadable(`its header \`${name}\` is no position of the log`);
  return position;
}

function header({ headers }: ReceivedMessage, name: string): string | undefined {
  const value = headers?.[name];
  const one = Array.isArray(value) ? value[0] : value;
  return one === undefined || one === null ? undefined : String(one);
}

function reasonOf(error: unknown): string {
  if (error instanceof Unreadable || error instanceof UnknownEventError) return error.message;
  if (error instanceof SyntaxError) return 'its value is no JSON';
  if (error instanceof TypeError) return 'its value is no UTF-8';
  return `reading it failed: ${error instanceof Error ? error.message : String(error)}`;
}

import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { planUpcast, type UpcastPlan, type UpcastTable } from '../../domain/events/upcast.ts';
import { positionOf } from '../numberedFeed.ts';
import { unpackAll } from './hexColumn.ts';
import { fromPlanes, toPlanes } from './idPlanes.ts';
import {
  type OccurredColumn,
  occurredColumn,
  runsOf,
  stepsOf,
  unpackOccurred,
  unpackRuns,
} from './numberColumns.ts';
import { withOptional } from './recordedEvent.ts';
import { type TextColumn, TextReader, TextWriter } from './textColumn.ts';

/**
 * Events by column: what repeats is written once, hexadecimal identifiers become bytes, and what is left is one
 * JSON text, which the JavaScript engine reads and writes faster than anything written in the language itself.
 */
interface Columns {
  count: number;
  first: number;
  /** Distances between neighbours, absent when all are 1. */
  positions?: number[];
  /** Value and repetitions in turn: everything that arrives together has one time. */
  recordedAt: number[];
  occurredAt: OccurredColumn;
  types: [string, number][];
  /** Indices into `types`, absent when there is one type only. */
  type?: number[];
  texts: TextColumn[];
  data: unknown[];
}

/** A request's own stream is named after it, which need not be said again for each event. */
const requestStream = (requestId: string): string => `request-${requestId}`;

function isRequestStream(stream: string, requestId: string | undefined): boolean {
  return (
    requestId !== undefined &&
    stream.length === requestId.length + 8 &&
    stream.startsWith('request-') &&
    stream.endsWith(requestId)
  );
}

class TypeWriter {
  readonly types: [string, number][] = [];
  private readonly known = new Map<string, number>();

  codeOf(type: string, version: number): number {
    const known = this.known.get(type);
    if (known !== undefined && this.types[known]?.[1] === version) return known;
    const same = this.types.findIndex((one) => one[0] === type && one[1] === version);
    const code = same >= 0 ? same : this.types.push([type, version]) - 1;
    this.known.set(type, code);
    return code;
  }
}

/** The columns in the order in which their bytes follow the JSON text. */
function textWriters() {
  return {
    stream: new TextWriter('names'),
    project: new TextWriter('names'),
    service: new TextWriter('names'),
    requestId: new TextWriter('identifiers'),
    traceId: new TextWriter('identifiers'),
    spanId: new TextWriter('identifiers'),
    parentSpanId: new TextWriter('identifiers'),
    userId: new TextWriter('names'),
  };
}

export function toColumns(events: readonly RecordedEvent[], ids: Uint8Array): Buffer {
  const { length } = events;
  const types = new TypeWriter();
  const texts = textWriters();
  const type = new Array<number>(length);
  const data = new Array<unknown>(length);
  const positions = new Array<number>(length);
  for (let i = 0; i < length; i++) {
    const event = events[i] as RecordedEvent;
    type[i] = types.codeOf(event.type, event.version);
    data[i] = event.data;
    positions[i] = Number(event.position);
    texts.stream.add(isRequestStream(event.stream, event.requestId) ? undefined : event.stream);
    texts.project.add(event.project);
    texts.service.add(event.service);
    texts.requestId.add(event.requestId);
    texts.traceId.add(event.traceId);
    texts.spanId.add(event.spanId);
    texts.parentSpanId.add(event.parentSpanId);
    texts.userId.add(event.userId);
  }
  const packed: Uint8Array[] = [toPlanes(ids, length)];
  const first = positions[0] ?? 0;
  const columns: Columns = {
    count: length,
    first,
    recordedAt: runsOf(events),
    occurredAt: occurredColumn(events),
    types: types.types,
    texts: Object.values(texts).map((writer) => writer.finish(packed)),
    data,
  };
  if (positions.at(-1) !== first + length - 1) columns.positions = stepsOf(positions, first);
  if (types.types.length > 1) columns.type = type;
  return joinParts(JSON.stringify(columns), packed);
}

function joinParts(json: string, packed: readonly Uint8Array[]): Buffer {
  const jsonBytes = Buffer.byteLength(json);
  const whole = Buffer.allocUnsafe(packed.reduce((sum, part) => sum + part.length, 4 + jsonBytes));
  whole.writeUInt32LE(jsonBytes, 0);
  whole.write(json, 4, 'utf8');
  let at = 4 + jsonBytes;
  for (const part of packed) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function fromColumns(whole: Buffer, upcast: UpcastTable): RecordedEvent[] {
  let at = 4 + whole.readUInt32LE(0);
  const take = (bytes: number): Uint8Array => {
    at += bytes;
    return whole.subarray(at - bytes, at);
  };
  const columns = JSON.parse(whole.toString('utf8', 4, at)) as Columns;
  const { count, positions } = columns;
  const ids = unpackAll('uuid', fromPlanes(take(count * 16), count), count);
  const [stream, project, service, requestId, traceId, spanId, parentSpanId, userId] = columns.texts.map(
    (column) => new TextReader(column, take),
  ) as Eight<TextReader>;
  const requestStreams = requestId.values.map(requestStream);
  const plans = columns.types.map(([type, version]) => planUpcast(upcast, type, version));
  const occurredAt = unpackOccurred(columns.occurredAt);
  const recordedAt = unpackRuns(columns.recordedAt, count);
  const events = new Array<RecordedEvent>(count);
  let position = columns.first;
  for (let i = 0; i < count; i++) {
    if (i > 0) position += positions === undefined ? 1 : (positions[i] as number);
    const kind = columns.type === undefined ? 0 : (columns.type[i] as number);
    const { version, lift } = plans[kind] as UpcastPlan;
    const request = requestId.nextIndex();
    const ofStream = stream.next();
    events[i] = withOptional(
      {
        id: ids[i],
        type: (columns.types[kind] as [string, number])[0],
        version,
        occurredAt: occurredAt[i],
        project: project.next(),
        service: service.next(),
        data: lift === undefined ? columns.data[i] : lift(columns.data[i]),
        recordedAt: recordedAt[i],
        position: positionOf(position),
        stream: ofStream ?? requestStreams[request],
      } as RecordedEvent,
      request < 0 ? undefined : requestId.values[request],
      traceId.next(),
      spanId.next(),
      parentSpanId.next(),
      userId.next(),
    );
  }
  return events;
}

type Eight<T> = [T, T, T, T, T, T, T, T];

import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { planUpcast, type UpcastPlan, type UpcastTable } from '../../domain/events/upcast.ts';
import { asPosition } from '../../domain/position.ts';
import { bytesOf, formOf, type HexForm, pack, unpackAll } from './hexColumn.ts';

/**
 * Events by column: what repeats is written once, hexadecimal identifiers become bytes, and what is left is one
 * JSON text, which the JavaScript engine reads and writes faster than anything written in the language itself.
 */
interface Columns {
  count: number;
  first: number;
  /** Distances between neighbours, absent when all are 1. */
  positions?: number[];
  recordedAt: number[];
  occurredAt: number[];
  /** `occurredAt` is in whole microseconds, each less the one before; otherwise as it came. */
  micros: boolean;
  types: [string, number][];
  type?: number[];
  stream: TextColumn;
  project: TextColumn;
  service: TextColumn;
  requestId: TextColumn;
  traceId: TextColumn;
  spanId: TextColumn;
  parentSpanId: TextColumn;
  userId: TextColumn;
  data: unknown[];
}

/** Codes: 0 absent, 1 the next new value, 2 and more an earlier value. */
interface TextColumn {
  codes?: number[];
  /** Every event has this code when `codes` is absent. */
  all?: number;
  values?: string[];
  hex?: HexForm;
  size: number;
}

const optionalNames = ['requestId', 'traceId', 'spanId', 'parentSpanId', 'userId'] as const;
const textNames = ['project', 'service', ...optionalNames] as const;

class TextWriter {
  private readonly codes: number[] = [];
  private readonly known = new Map<string, number>();

  add(value: string | undefined): void {
    if (value === undefined) {
      this.codes.push(0);
      return;
    }
    const index = this.known.get(value);
    if (index === undefined) {
      this.known.set(value, this.known.size);
      this.codes.push(1);
    } else this.codes.push(index + 2);
  }

  finish(packed: Uint8Array[]): TextColumn {
    const values = [...this.known.keys()];
    const column: TextColumn = { size: values.length, ...shorten(this.codes) };
    const hex = values[0] === undefined ? undefined : formOf(values[0]);
    const bytes = hex && packAll(hex, values);
    if (hex === undefined || bytes === undefined) return { ...column, values };
    packed.push(bytes);
    return { ...column, hex };
  }
}

function shorten(codes: number[]): Pick<TextColumn, 'codes' | 'all'> {
  const first = codes[0] ?? 0;
  // After the first event a lone value is an earlier one, so only "always absent" and "always new" look uniform.
  return codes.every((code) => code === first) ? { all: first } : { codes };
}

function packAll(form: HexForm, values: readonly string[]): Uint8Array | undefined {
  const bytes = new Uint8Array(values.length * bytesOf[form]);
  return values.every((value, i) => pack(form, value, bytes, i * bytesOf[form])) ? bytes : undefined;
}

/** A request's own stream is named after it, which need not be said again for each event. */
const requestStream = (requestId: string): string => `request-${requestId}`;

function isRequestStream(event: RecordedEvent): boolean {
  const { stream, requestId } = event;
  return (
    requestId !== undefined &&
    stream.length === requestId.length + 8 &&
    stream.endsWith(requestId) &&
    stream.startsWith('request-')
  );
}

export function toColumns(events: readonly RecordedEvent[], ids: Uint8Array): Buffer {
  const packed: Uint8Array[] = [byPlanes(ids, events.length)];
  const typeIndex = new Map<string, number>();
  const types: [string, number][] = [];
  const type = events.map((event) => {
    const key = `${event.type}@${event.version}`;
    let index = typeIndex.get(key);
    if (index === undefined) {
      index = types.push([event.type, event.version]) - 1;
      typeIndex.set(key, index);
    }
    return index;
  });
  const stream = new TextWriter();
  for (const event of events) stream.add(isRequestStream(event) ? undefined : event.stream);
  const text = textNames.map((name) => {
    const writer = new TextWriter();
    for (const event of events) writer.add(event[name]);
    return [name, writer] as const;
  });
  const columns = {
    count: events.length,
    ...positionColumn(events),
    recordedAt: runsOf(events),
    ...occurredColumn(events),
    types,
    ...(types.length > 1 ? { type } : {}),
    stream: stream.finish(packed),
    ...Object.fromEntries(text.map(([name, writer]) => [name, writer.finish(packed)])),
    data: events.map((event) => event.data),
  } as Columns;
  return joinParts(JSON.stringify(columns), packed);
}

function joinParts(json: string, packed: readonly Uint8Array[]): Buffer {
  const jsonBytes = Buffer.byteLength(json);
  const total = packed.reduce((sum, part) => sum + part.length, 4 + jsonBytes);
  const whole = Buffer.allocUnsafe(total);
  whole.writeUInt32LE(jsonBytes, 0);
  whole.write(json, 4, 'utf8');
  let at = 4 + jsonBytes;
  for (const part of packed) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function positionColumn(events: readonly RecordedEvent[]): Pick<Columns, 'first' | 'positions'> {
  const numbers = events.map((event) => Number(event.position));
  const first = numbers[0] ?? 0;
  const contiguous = numbers.at(-1) === first + numbers.length - 1;
  return contiguous ? { first } : { first, positions: steps(numbers, first) };
}

function steps(numbers: readonly number[], start: number): number[] {
  return numbers.map((value, i) => value - (i === 0 ? start : (numbers[i - 1] as number)));
}

/** Value and repetitions in turn: everything that arrives together has one time. */
function runsOf(events: readonly RecordedEvent[]): number[] {
  const runs: number[] = [];
  for (const { recordedAt } of events) {
    if (runs.at(-2) === recordedAt) runs[runs.length - 1] = (runs.at(-1) as number) + 1;
    else runs.push(recordedAt, 1);
  }
  return runs;
}

function occurredColumn(events: readonly RecordedEvent[]): Pick<Columns, 'occurredAt' | 'micros'> {
  const micros = events.map((event) => Math.round(event.occurredAt * 1000));
  // Only when dividing gives back the very same number; a clock finer than microseconds keeps its own form.
  const exact = micros.every((value, i) => value / 1000 === events[i]?.occurredAt);
  return exact
    ? { occurredAt: steps(micros, 0), micros: true }
    : { occurredAt: events.map((event) => event.occurredAt), micros: false };
}

/** First bytes together, then second bytes …, each less its neighbour: ids of one source nearly vanish so. */
function byPlanes(ids: Uint8Array, count: number): Uint8Array {
  const planes = new Uint8Array(count * 16);
  for (let plane = 0; plane < 16; plane++) {
    let before = 0;
    for (let i = 0; i < count; i++) {
      const byte = ids[i * 16 + plane] as number;
      planes[plane * count + i] = byte - before;
      before = byte;
    }
  }
  return planes;
}

function fromPlanes(planes: Uint8Array, count: number): Uint8Array {
  const ids = new Uint8Array(count * 16);
  for (let plane = 0; plane < 16; plane++) {
    let value = 0;
    for (let i = 0; i < count; i++) {
      value = (value + (planes[plane * count + i] as number)) & 0xff;
      ids[i * 16 + plane] = value;
    }
  }
  return ids;
}

class TextReader {
  private readonly codes: readonly number[] | undefined;
  private readonly all: number;
  private next = 0;
  readonly values: readonly string[];

  constructor(column: TextColumn, take: (bytes: number) => Uint8Array) {
    this.codes = column.codes;
    this.all = column.all ?? 0;
    this.values =
      column.hex === undefined
        ? (column.values ?? [])
        : unpackAll(column.hex, take(column.size * bytesOf[column.hex]), column.size);
  }

  /** The index of the value of event `i`, or -1; events must be asked for in order. */
  indexAt(i: number): number {
    const code = this.codes === undefined ? this.all : (this.codes[i] as number);
    return code === 1 ? this.next++ : code - 2 < 0 ? -1 : code - 2;
  }

  valueAt(i: number): string | undefined {
    const index = this.indexAt(i);
    return index < 0 ? undefined : this.values[index];
  }
}

export function fromColumns(whole: Buffer, upcast: UpcastTable): RecordedEvent[] {
  const jsonBytes = whole.readUInt32LE(0);
  const columns = JSON.parse(whole.toString('utf8', 4, 4 + jsonBytes)) as Columns;
  let at = 4 + jsonBytes;
  const take = (bytes: number): Uint8Array => {
    at += bytes;
    return whole.subarray(at - bytes, at);
  };
  const { count } = columns;
  const ids = unpackAll('uuid', fromPlanes(take(count * 16), count), count);
  const stream = new TextReader(columns.stream, take);
  const project = new TextReader(columns.project, take);
  const service = new TextReader(columns.service, take);
  const requestId = new TextReader(columns.requestId, take);
  const traceId = new TextReader(columns.traceId, take);
  const spanId = new TextReader(columns.spanId, take);
  const parentSpanId = new TextReader(columns.parentSpanId, take);
  const userId = new TextReader(columns.userId, take);
  const requestStreams = requestId.values.map(requestStream);
  const plans = columns.types.map(([type, version]) => planUpcast(upcast, type, version));
  const times = new RunReader(columns.recordedAt);
  const events = new Array<RecordedEvent>(count);
  let position = columns.first;
  let micros = 0;
  for (let i = 0; i < count; i++) {
    if (i > 0) position += columns.positions === undefined ? 1 : (columns.positions[i] as number);
    const occurred = columns.occurredAt[i] as number;
    micros += occurred;
    const kind = columns.type === undefined ? 0 : (columns.type[i] as number);
    const plan = plans[kind] as UpcastPlan;
    const request = requestId.indexAt(i);
    const event: Record<string, unknown> = {
      id: ids[i],
      type: (columns.types[kind] as [string, number])[0],
      version: plan.version,
      occurredAt: columns.micros ? micros / 1000 : occurred,
      recordedAt: times.next(),
      position: asPosition(String(position)),
      stream: stream.valueAt(i) ?? requestStreams[request],
      project: project.valueAt(i),
      service: service.valueAt(i),
      data: plan.lift === undefined ? columns.data[i] : plan.lift(columns.data[i]),
    };
    if (request >= 0) event.requestId = requestId.values[request];
    addOptional(event, 'traceId', traceId.valueAt(i));
    addOptional(event, 'spanId', spanId.valueAt(i));
    addOptional(event, 'parentSpanId', parentSpanId.valueAt(i));
    addOptional(event, 'userId', userId.valueAt(i));
    events[i] = event as unknown as RecordedEvent;
  }
  return events;
}

function addOptional(event: Record<string, unknown>, name: string, value: string | undefined): void {
  if (value !== undefined) event[name] = value;
}

class RunReader {
  private at = 0;
  private left: number;
  private readonly runs: readonly number[];

  constructor(runs: readonly number[]) {
    this.runs = runs;
    this.left = runs[1] ?? 0;
  }

  next(): number {
    if (this.left === 0) {
      this.at += 2;
      this.left = this.runs[this.at + 1] ?? 0;
    }
    this.left--;
    return this.runs[this.at] as number;
  }
}

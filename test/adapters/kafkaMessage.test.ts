import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CodecOptions, decodeMessage, encodeMessage } from '../../src/adapters/kafka/message.ts';
import { compareNumbered, parseNumbered } from '../../src/adapters/numberedFeed.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { exampleEvents } from '../../src/domain/events/examples.ts';
import { upcastTable } from '../../src/domain/events/upcast.ts';
import { laneOf } from '../../src/domain/lanes.ts';
import type { LaneMessage } from '../../src/projections/lanes/ports.ts';
import { at } from '../contracts/laneTopic.ts';
import { logEvent } from '../contracts/logEvents.ts';

const options: CodecOptions = {
  lanes: 5,
  positions: { compare: compareNumbered, parsePosition: parseNumbered },
  upcast: upcastTable,
};

const recorded = (event: object, position = 7): RecordedEvent =>
  ({ ...event, recordedAt: 1_760_000_000_000.125, position: at(position), stream: 'bot-ü' }) as RecordedEvent;

/** As the broker gives back what was sent. */
function sent(message: LaneMessage, lane = laneOf(message.event ?? logEvent(1), options.lanes)) {
  const { value, headers, key, partition } = encodeMessage(lane, message).message;
  const bytes = Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(String(text))]);
  return { lane, key, partition, value: value as Buffer, headers: Object.fromEntries(bytes) };
}

describe('a message of the topic', () => {
  it.each([...exampleEvents()])('%s comes back as it was recorded', (_, event) => {
    const message = { previous: at(3), position: at(7), event: recorded(event) };
    const received = sent(message);
    expect(decodeMessage(received.lane, received, options)).toEqual({ kind: 'message', message });
  });

  it('whatever texts and times an event has, they come back', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const optional = { requiredKeys: [] as const, noNullPrototype: true } as const;
    const links = fc.record(
      { requestId: text, traceId: text, spanId: text, userId: text },
      optional as never,
    );
    fc.assert(
      fc.property(text, text, text, links, fc.double({ noNaN: true, noDefaultInfinity: true }), (...args) => {
        const [project, service, words, more, time] = args;
        const data = { level: 'info', message: words };
        const event = recorded(logEvent(7, { project, service, ...(more as object), data } as never));
        const message = { previous: undefined, position: at(7), event: { ...event, recordedAt: time || 0 } };
        const received = sent(message);
        expect(decodeMessage(received.lane, received, options)).toEqual({ kind: 'message', message });
      }),
    );
  });

  it('names its lane, its key is project and service, and its headers say what it is without reading it', () => {
    const event = recorded(logEvent(7));
    const { partition, key, headers } = sent({ previous: at(3), position: at(7), event });
    expect({ partition, key }).toEqual({ partition: laneOf(event, 5), key: 'shop\u0000bot' });
    expect(Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, String(bytes)]))).toEqual(
      {
        position: '7',
        previous: '3',
        recordedAt: '1760000000000.125',
        stream: 'bot-ü',
        type: 'LogWritten',
        id: event.id,
      },
    );
  });

  it('a mark is empty, and comes back as one', () => {
    for (const previous of [undefined, at(3), at(7)]) {
      const received = sent({ previous, position: at(7) }, 2);
      expect(received.value).toHaveLength(0);
      expect(decodeMessage(2, received, options)).toEqual({
        kind: 'message',
        message: { previous, position: at(7) },
      });
    }
  });

  it('an event of an older version is lifted to the newest', () => {
    const upcast = {
      current: { ...upcastTable.current, LogWritten: 2 },
      lift: { LogWritten: { 1: (data: unknown) => ({ ...(data as object), operation: 'lifted' }) } },
    };
    const received = sent({ previous: undefined, position: at(7), event: recorded(logEvent(7)) });
    expect(decodeMessage(received.lane, received, { ...options, upcast })).toMatchObject({
      message: { event: { version: 2, data: { message: 'message 7', operation: 'lifted' } } },
    });
  });

  const good = sent({ previous: at(3), position: at(7), event: recorded(logEvent(7)) });
  const value = JSON.parse(good.value.toString()) as Record<string, unknown>;
  const withValue = (change: object) => ({
    ...good,
    value: Buffer.from(JSON.stringify({ ...value, ...change })),
  });
  const withHeaders = (change: object) => ({ ...good, headers: { ...good.headers, ...change } });

  it.each([
    ['no headers', { ...good, headers: undefined }, 'it has no header `position`'],
    [
      'a position of elsewhere',
      withHeaders({ position: 'C:1/P:1' }),
      'its header `position` is no position of the log',
    ],
    [
      'a previous of elsewhere',
      withHeaders({ previous: '-4' }),
      'its header `previous` is no position of the log',
    ],
    ['a previous behind it', withHeaders({ previous: '8' }), 'its `previous` is behind its `position`'],
    ['no time', withHeaders({ recordedAt: 'noon' }), 'its header `recordedAt` is no time'],
    ['no stream', withHeaders({ stream: undefined }), 'it has no header `stream`'],
    ['no value', { ...good, value: null }, 'it has no value and is no mark'],
    ['an empty value', { ...good, value: Buffer.alloc(0) }, 'it has no value and is no mark'],
    ['bytes', { ...good, value: Buffer.from([0xc3, 0x28]) }, 'its value is no UTF-8'],
    ['half of it', { ...good, value: good.value.subarray(0, 40) }, 'its value is no JSON'],
    ['a list', { ...good, value: Buffer.from('[]') }, 'its value is no JSON object'],
    ['another id', withValue({ id: 'A' }), 'its `id` is no UUID in lower case'],
    ['another version', withValue({ version: 0 }), 'its `version` is no whole number'],
    ['a time as text', withValue({ occurredAt: '1' }), 'its `occurredAt` is no number'],
    ['a project that is none', withValue({ project: 7 }), 'its `project` is no text'],
    ['a service that is none', withValue({ service: null }), 'its `service` is no text'],
    ['a link that is none', withValue({ traceId: {} }), 'its `traceId` is no text'],
    ['other data', withValue({ data: { level: 'loud' } }), 'its `data` is not what a LogWritten holds'],
    ['data of nothing', withValue({ data: undefined }), 'its `data` is not what a LogWritten holds'],
    ['a type of the prototype', withValue({ type: 'constructor' }), /the type is unknown here/],
    ['a newer type', withValue({ type: 'MoonSeen' }), /MoonSeen of version 1, but the type is unknown here/],
    ['a newer version', withValue({ version: 9 }), /written by a newer engine/],
    ['another lane', withValue({ service: 'bot 2' }), /its event belongs to lane/],
  ])('%s is told with its reason', (_, received, reason) => {
    const decoded = decodeMessage(good.lane, received, options);
    expect(decoded).toMatchObject({ kind: 'unreadable' });
    if (typeof reason === 'string') expect(decoded).toMatchObject({ reason });
    else expect(decoded).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  it('whatever bytes stand in the topic, reading them never throws', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const json = fc.jsonValue().map((any) => Buffer.from(JSON.stringify(any)));
    const broken = fc
      .tuple(fc.nat(good.value.length - 1), fc.nat(255))
      .map(([index, byte]) => Buffer.from(good.value.map((one, where) => (where === index ? byte : one))));
    const changed = fc
      .jsonValue()
      .chain((any) => fc.constantFrom(...Object.keys(value)).map((name) => withValue({ [name]: any }).value));
    const header = fc.oneof(
      fc.string().map((text) => Buffer.from(text)),
      fc.constant(undefined),
      fc.array(fc.string()),
    );
    const headers = fc.record({
      position: header,
      previous: header,
      recordedAt: header,
      stream: header,
      mark: header,
    });
    fc.assert(
      fc.property(
        fc.oneof(bytes, json, broken, changed, fc.constant(null)),
        fc.oneof(headers, fc.constant(good.headers), fc.constant(undefined)),
        (some, any) => {
          const decoded = decodeMessage(good.lane, { value: some, headers: any }, options);
          if (decoded.kind === 'unreadable') expect(decoded.reason).not.toBe('');
          else expect(parseNumbered(decoded.message.position)).toBeDefined();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('a value nested without end is told like any other', () => {
    const deep = Buffer.from('['.repeat(1_000_000));
    expect(decodeMessage(good.lane, { ...good, value: deep }, options)).toMatchObject({ kind: 'unreadable' });
  });
});

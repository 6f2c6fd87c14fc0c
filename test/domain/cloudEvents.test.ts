import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuidFrom } from '../../src/api/uuidFrom.ts';
import { fromCloudEvent } from '../../src/domain/cloudEvents.ts';
import { nativeExamples } from '../../src/domain/native/examples.ts';
import { toEvent } from '../../src/domain/native/toEvent.ts';
import { Refusal } from '../../src/domain/refusal.ts';

const now = Date.UTC(2026, 0, 31, 12);
const context = { uuidFrom };
const cloudEvent = (more: object) => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/bots/shop',
  type: 'request',
  ...more,
});
const uuid = '01939e1f-5b1c-7d35-8f52-0b1a2c3d4e5f';

function eventOf(more: object) {
  const native = fromCloudEvent(cloudEvent(more), context);
  return native instanceof Refusal ? native : toEvent(native, { project: 'p', now, newId: () => uuid });
}

describe('a CloudEvent', () => {
  it.each(Object.values(nativeExamples))('of type $type carries the short form in its data', (example) => {
    const { type, id, ...data } = example;
    const bare = eventOf({ type, id: uuid, data });
    expect(bare).toEqual(toEvent({ ...example, id: uuid }, { project: 'p', now, newId: () => '' }));
    expect(eventOf({ type: `dev.chronoscope.${type}`, id: uuid, data })).toEqual(bare);
  });

  it('is one event however often it is sent, and another one from another source', () => {
    const id = (more: object) => (eventOf(more) as { id: string }).id;
    expect(id({})).toBe(id({ time: '2026-01-31T11:00:00Z' }));
    expect(id({})).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id({})).not.toBe(id({ source: '/bots/other' }));
    expect(id({ id: uuid.toUpperCase() })).toBe(uuid);
    expect(id({ id: `urn:uuid:${uuid}` })).toBe(uuid);
  });

  it('gives its context to the event', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const event = eventOf({
      time: '2026-01-31T11:00:00Z',
      subject: 'search',
      traceparent,
      region: 'eu',
      data: { durationMs: 5 },
    });
    expect(event).toMatchObject({
      occurredAt: now - 3_600_000,
      service: '/bots/shop',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      data: { durationMs: 5, attributes: { subject: 'search', region: 'eu' } },
    });
  });

  it('is kept as a log line when its type is not ours', () => {
    const event = eventOf({
      type: 'com.github.push',
      subject: 'acme/shop',
      dataschema: 'https://x/y',
      data: { ref: 'main', commits: [1, 2], forced: false, author: null },
    });
    expect(event).toMatchObject({
      type: 'LogWritten',
      service: '/bots/shop',
      data: {
        level: 'info',
        message: 'com.github.push acme/shop',
        attributes: {
          cloudEventType: 'com.github.push',
          cloudEventSource: '/bots/shop',
          subject: 'acme/shop',
          dataschema: 'https://x/y',
          'data.ref': 'main',
          'data.commits': '[1,2]',
          'data.forced': false,
        },
      },
    });
    expect(eventOf({ type: 'x.y', data: { message: 'said' } })).toMatchObject({ data: { message: 'said' } });
    expect(eventOf({ type: 'x.y', data: 'said' })).toMatchObject({ data: { message: 'said' } });
  });

  it('of a foreign type keeps as much data as there is room for, and says what it left out', () => {
    const data = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]));
    const event = eventOf({ type: 'x.y', data }) as { data: { attributes: Record<string, unknown> } };
    expect(Object.keys(event.data.attributes).length).toBeLessThanOrEqual(64);
    const kept = Object.keys(event.data.attributes).filter((name) => name.startsWith('data.')).length;
    expect(event.data.attributes.dataOmitted).toBe(100 - kept);
  });

  it('may carry its data in base64', () => {
    const encoded = Buffer.from(JSON.stringify({ operation: 'süche' })).toString('base64');
    expect(eventOf({ data_base64: encoded })).toMatchObject({ data: { operation: 'süche' } });
    expect(eventOf({ data_base64: '***' })).toBeInstanceOf(Refusal);
    expect(eventOf({ data_base64: btoa('no json') })).toBeInstanceOf(Refusal);
    expect(eventOf({ type: 'x.y', datacontenttype: 'image/png', data_base64: 'iVBORw==' })).toMatchObject({
      data: { attributes: { data: 'iVBORw==' } },
    });
  });

  it.each([
    [{ specversion: '0.3' }, '`specversion` is "0.3"; allowed: "1.0"'],
    [{ specversion: undefined }, '`specversion` is missing'],
    [{ id: '' }, 'needs `id`'],
    [{ source: 5 }, 'needs `source`'],
    [{ type: undefined }, 'needs `type`'],
    [{ time: 5 }, '`time` of a CloudEvent is a text'],
    [{ data: [1] }, '`data` of a CloudEvent of type `request` is an object'],
    [{ data: { duration: 1 } }, 'did you mean `durationMs`?'],
    [{ time: 'noon' }, '`time` is "noon"'],
  ])('with %j is refused, and why', (more, why) => {
    expect(eventOf(more)).toMatchObject({ code: 'CHR_INVALID_EVENT', message: expect.stringContaining(why) });
  });

  it('of any shape becomes an event or a refusal', () => {
    const names = fc.constantFrom(
      'specversion',
      'id',
      'source',
      'type',
      'time',
      'data',
      'data_base64',
      'datacontenttype',
      'subject',
      'traceparent',
      '__proto__',
      'ext',
    );
    const more = fc.array(fc.tuple(names, fc.jsonValue())).map((entries) => Object.fromEntries(entries));
    fc.assert(
      fc.property(more, fc.boolean(), (part, foreign) => {
        const event = eventOf({ ...(foreign ? { type: 'x.y' } : {}), ...part });
        expect(event instanceof Refusal || event.version === 1).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

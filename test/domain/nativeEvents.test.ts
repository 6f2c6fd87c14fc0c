import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { toEvent } from '../../src/domain/native/toEvent.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { streamOf } from '../../src/domain/streams.ts';

const now = Date.UTC(2026, 0, 31, 12);
const context = { project: 'shop', now, newId: () => '01939e1f-5b1c-7d35-8f52-000000000000' };

function made(native: object): NewEvent {
  const event = toEvent(native, context);
  if (event instanceof Refusal) throw new Error(event.message);
  return event;
}

function why(native: unknown): string {
  const event = toEvent(native, context);
  return event instanceof Refusal ? event.message : 'accepted';
}

describe('an event in the short form', () => {
  it('has sensible defaults for all that can be left out', () => {
    expect(made({ type: 'request' })).toEqual({
      id: '01939e1f-5b1c-7d35-8f52-000000000000',
      type: 'RequestCompleted',
      version: 1,
      occurredAt: now,
      project: 'shop',
      service: 'default',
      data: { operation: 'unknown', status: 'success', durationMs: 0 },
    });
  });

  it('takes null and empty texts as absent', () => {
    const native = {
      type: 'request',
      id: '',
      time: null,
      service: '',
      userId: '',
      status: '',
      attributes: {},
    };
    expect(made(native)).toEqual(made({ type: 'request' }));
  });

  it.each([
    [
      { type: 'request', errorCode: 'E1' },
      { status: 'error', errorCode: 'E1' },
    ],
    [
      { type: 'request', status: 'timeout', message: 'slow' },
      { status: 'timeout', errorMessage: 'slow' },
    ],
    [{ type: 'request', name: 'search' }, { operation: 'search' }],
    [
      { type: 'error', message: 'm', level: 'CRITICAL' },
      { message: 'm', level: 'fatal' },
    ],
    [
      { type: 'error', message: 'm', errorMessage: 'e' },
      { message: 'e', attributes: { message: 'm' } },
    ],
    [{ type: 'error', stack: 'TypeError: x\n  at y' }, { message: 'TypeError: x' }],
    [
      { type: 'log', message: 'm' },
      { level: 'info', message: 'm' },
    ],
    [
      { type: 'log', message: 'm', errorCode: 'E1' },
      { level: 'error', attributes: { errorCode: 'E1' } },
    ],
    [
      { type: 'span', operation: 'db_query' },
      { name: 'db_query', operation: 'db_query', status: 'success' },
    ],
    [
      { type: 'metric', name: 'n', value: 0 },
      { name: 'n', kind: 'gauge', value: 0 },
    ],
    [
      { type: 'job', name: 'n', status: 'timeout' },
      { name: 'n', state: 'failed' },
    ],
    [
      { type: 'job', name: 'n', attributes: { state: 'missed' } },
      { name: 'n', state: 'missed' },
    ],
    [
      { type: 'health', service: 's' },
      { name: 's', state: 'healthy' },
    ],
    [{ type: 'health', name: 'db', status: 'rate_limited' }, { state: 'degraded' }],
    [{ type: 'health', name: 'db', errorCode: 'DOWN' }, { state: 'unhealthy' }],
    [
      { type: 'rate_limit', name: 'api', status: 'rate_limited' },
      { name: 'api', remaining: 0 },
    ],
    [
      { type: 'rate_limit', value: 3, attributes: { limit: 10, resetAt: '2026-01-31T12:00:01Z' } },
      { name: 'default', remaining: 3, limit: 10, resetAt: now + 1000 },
    ],
    [
      { type: 'feedback', value: -1, attributes: { verdict: 'noise' } },
      { value: -1, verdict: 'noise' },
    ],
    [
      { type: 'deploy', name: 'v2', durationMs: 5 },
      { name: 'v2', attributes: { durationMs: 5 } },
    ],
  ])('%j', (native, data) => {
    expect(made(native).data).toMatchObject(data);
  });

  it.each([
    [7, 'an event is a JSON object, this is 7'],
    [[], 'an event is a JSON object, this is a list'],
    [{}, '`type` is missing; allowed: request, error,'],
    [{ type: 'requests' }, 'did you mean `request`?'],
    [
      { type: 'request', status: 'ok' },
      '`status` is "ok"; allowed: success, error, timeout, rate_limited; did you mean `success`?',
    ],
    [{ type: 'request', duration: 5 }, '`duration` is not a field of an event; did you mean `durationMs`?'],
    [{ type: 'request', request_id: 'a' }, 'did you mean `requestId`?'],
    [
      { type: 'request', durationMs: '5' },
      '`durationMs` is "5"; allowed: how long it took, in milliseconds; 0 to 1e12',
    ],
    [{ type: 'request', durationMs: -1 }, '`durationMs` is -1'],
    [{ type: 'request', id: 'abc' }, '`id` is "abc"; allowed: a UUID'],
    [{ type: 'request', requestId: 'x'.repeat(201) }, '`requestId` is a text of 201 characters'],
    [{ type: 'log', message: 'm', level: 'wran' }, 'did you mean `warn`?'],
    [
      { type: 'request', attributes: { user: { id: 1 } } },
      '`attributes.user` is an object; allowed: a flat map',
    ],
    [{ type: 'error' }, 'an `error` needs `errorMessage` or `message`'],
    [{ type: 'log' }, 'a `log` needs `message`'],
    [{ type: 'metric', value: 1 }, 'a `metric` needs `name`'],
    [{ type: 'metric', name: 'n', value: '1' }, '`value` is "1"'],
    [{ type: 'job' }, 'a `job` needs `name`'],
    [{ type: 'request', status: 'x', durationMs: 'y', z: 1 }, '. '],
  ])('%j is refused, and why', (native, message) => {
    expect(why(native)).toContain(message);
  });

  it('refuses more than 64 attributes', () => {
    const attributes = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, i]));
    expect(why({ type: 'request', attributes })).toContain('`attributes` has 65 entries');
    delete (attributes as Record<string, number>).a64;
    expect(why({ type: 'request', attributes })).toBe('accepted');
  });

  it('shortens what is too long and says so', () => {
    const { data } = made({ type: 'error', message: 'm'.repeat(20_000), stack: '🔥'.repeat(40_000) });
    const { message, stack } = data as { message: string; stack: string };
    expect(message).toHaveLength(16_384);
    expect(message).toMatch(/m… \[shortened, was 20000 characters\]$/);
    expect(stack.length).toBeLessThanOrEqual(65_536);
    expect(stack).toMatch(/… \[shortened, was 80000 characters\]$/);
    expect(stack.isWellFormed()).toBe(true);
  });

  it('makes NUL and halves of characters harmless wherever they stand', () => {
    const event = made({ type: 'log', message: 'a\0b\ud800', userId: '\udc00', attributes: { 'k\0': '\0' } });
    expect(event).toMatchObject({
      userId: '\ufffd',
      data: { message: 'a\ufffdb\ufffd', attributes: { 'k\ufffd': '\ufffd' } },
    });
  });

  it('cannot be used to change the prototype of anything', () => {
    const attributes = JSON.parse('{"__proto__":{"polluted":1},"constructor":"c","a":1}');
    const { data } = made({ type: 'log', message: 'm', attributes }) as NewEvent<'LogWritten'>;
    expect(Object.entries(data.attributes ?? {})).toEqual([
      ['constructor', 'c'],
      ['a', 1],
    ]);
    expect(Object.getPrototypeOf(data.attributes)).toBe(Object.prototype);
    expect(why(JSON.parse('{"type":"log","message":"m","__proto__":{"type":"x"}}'))).toContain('`__proto__`');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('goes to the stream of its request, its job or its service', () => {
    const stream = (native: object) => streamOf(made(native));
    expect(stream({ type: 'job', name: 'n', requestId: 'r' })).toBe('request-r');
    expect(stream({ type: 'job', name: 'n' })).toBe('job-n');
    expect(stream({ type: 'log', message: 'm', service: 'bot' })).toBe('service-shop-bot');
  });
});

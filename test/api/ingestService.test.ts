import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { createIngest, groupByStream, type Ingest, type IngestDeps } from '../../src/api/ingest.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { toEvent } from '../../src/domain/native/toEvent.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import { type EventLog, LogUnavailableError } from '../../src/projections/ports.ts';
import { noon, openDoor, readAll, sendJson } from '../support/ingest.ts';

const clock = () => noon;
const newId = createUuidV7Factory({ now: clock, randomBytes });
const caller = { project: 'shop' };
const log = (message: string, more: object = {}) => ({ type: 'log', message, ...more });

const ingestOn = (on: Pick<EventLog, 'append'>, more: Partial<IngestDeps> = {}): Ingest =>
  createIngest({ log: on, redact: (event) => event, newId, clock, ...more });

/** A log that takes events only when it is told to. */
function slowLog() {
  const memory = createMemoryLog({ clock });
  const waiting: (() => void)[] = [];
  const append: EventLog['append'] = async (appends) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return memory.append(appends);
  };
  const letGo = (): void => {
    for (const go of waiting.splice(0)) go();
  };
  return { memory, append, waiting, letGo };
}

describe('the order of a request', () => {
  it('is the order of the log, though streams alternate', async () => {
    const memory = createMemoryLog({ clock });
    const natives = [
      log('1', { requestId: 'a' }),
      log('2', { requestId: 'b' }),
      log('3', { requestId: 'b' }),
      log('4', { requestId: 'a' }),
    ];
    await ingestOn(memory).accept(natives, caller);
    const stored = await readAll(memory);
    expect(stored.map(({ data }) => (data as { message: string }).message)).toEqual(['1', '2', '3', '4']);
    const events = natives.map((native) => toEvent(native, { ...caller, now: noon, newId }));
    const groups = groupByStream(events.filter((event): event is NewEvent => !(event instanceof Refusal)));
    expect(groups.map(({ stream, events }) => [stream, events.length])).toEqual([
      ['request-a', 1],
      ['request-b', 2],
      ['request-a', 1],
    ]);
  });
});

describe('redaction', () => {
  it('stands before the log', async () => {
    const memory = createMemoryLog({ clock });
    const redact: IngestDeps['redact'] = (event) =>
      event.type === 'LogWritten' ? { ...event, data: { ...event.data, message: '[removed]' } } : event;
    await ingestOn(memory, { redact }).accept([log('secret')], caller);
    expect(JSON.stringify(await readAll(memory))).not.toContain('secret');
  });
});

describe('a log that is behind', () => {
  it('makes ingest refuse what would not fit, and nothing that was taken is lost', async () => {
    const slow = slowLog();
    const ingest = ingestOn(slow, { limits: { maxPendingEvents: 3 } });
    const first = ingest.accept([log('1'), log('2')], caller);
    const refused = ingest.accept([log('3'), log('4')], caller);
    await expect(refused).rejects.toMatchObject({ code: 'CHR_LOG_UNAVAILABLE', retryAfterSeconds: 1 });
    const second = ingest.accept([log('5')], caller);
    await expect.poll(() => slow.waiting.length).toBe(2);
    expect(ingest.stats()).toMatchObject({ pendingEvents: 3, refusedRequests: 1 });
    slow.letGo();
    await Promise.all([first, second]);
    expect(ingest.stats()).toMatchObject({ pendingEvents: 0, accepted: 3 });
    expect(await readAll(slow.memory)).toHaveLength(3);
  });

  it('lets one request through that is larger than the whole allowance', async () => {
    const ingest = ingestOn(createMemoryLog({ clock }), {
      limits: { maxPendingEvents: 1, maxPendingBytes: 1 },
    });
    ingest.lease().grow(1_000);
    expect(await ingest.accept([log('1'), log('2')], caller)).toMatchObject({ accepted: 2 });
  });

  it('bounds the bytes in hand too', () => {
    const ingest = ingestOn(createMemoryLog({ clock }), { limits: { maxPendingBytes: 100 } });
    const first = ingest.lease();
    const second = ingest.lease();
    first.grow(60);
    expect(() => second.grow(60)).toThrow(expect.objectContaining({ code: 'CHR_LOG_UNAVAILABLE' }));
    first.release();
    second.grow(60);
    expect(ingest.stats().pendingBytes).toBe(60);
  });
});

describe('a log that cannot take events', () => {
  it('is answered with 503, when to come again, and the reason', async () => {
    const append = () => Promise.reject(new LogUnavailableError('disk_full', 'the disk is full'));
    const door = await openDoor({ log: { append } });
    const { status, headers, body } = await sendJson(door, log('m'));
    expect({ status, retry: headers.get('retry-after'), error: body.error }).toMatchObject({
      status: 503,
      retry: '30',
      error: { code: 'CHR_LOG_UNAVAILABLE', details: { reason: 'disk_full' } },
    });
    expect(door.ingest.stats()).toMatchObject({ pendingEvents: 0, pendingBytes: 0, accepted: 0 });
    await door.close();
  });
});

describe('draining', () => {
  it('waits for what was taken and takes no more', async () => {
    const slow = slowLog();
    const ingest = ingestOn(slow);
    const taken = ingest.accept([log('1')], caller);
    await expect.poll(() => slow.waiting.length).toBe(1);
    let drained = false;
    const draining = ingest.drain().then(() => {
      drained = true;
    });
    await expect(ingest.accept([log('2')], caller)).rejects.toMatchObject({ code: 'CHR_SHUTTING_DOWN' });
    expect(drained).toBe(false);
    slow.letGo();
    await draining;
    expect(await taken).toMatchObject({ accepted: 1 });
    expect(await readAll(slow.memory)).toHaveLength(1);
  });
});

describe('many requests at once', () => {
  it('store every event once', async () => {
    const memory = createMemoryLog({ clock });
    const ingest = ingestOn(memory);
    const batches = Array.from({ length: 20 }, (_, b) =>
      Array.from({ length: 2_500 }, (_, i) => (i % 10 === 0 ? { type: 'nothing' } : log(`${b}-${i}`))),
    );
    const answers = await Promise.all(batches.map((batch) => ingest.accept(batch, caller)));
    for (const { accepted, rejected } of answers) {
      expect(accepted).toBe(2_250);
      expect(rejected.map(({ index }) => index)).toEqual(Array.from({ length: 250 }, (_, i) => i * 10));
    }
    const messages = (await readAll(memory)).map(({ data }) => (data as { message: string }).message);
    expect(new Set(messages).size).toBe(45_000);
    expect(messages).toHaveLength(45_000);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientAddress, hostsIn } from '../../src/adapters/eventstore/address.ts';
import { type EventStoreLog, openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import { eventsOf, logEvent, logEvents, numbersOf, streamOf, to } from '../contracts/logEvents.ts';
import { addForeignEvents } from '../support/eventstore/foreign.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';

describe('addresses', () => {
  it.each([
    ['esdb://host:2113?tls=false', 'esdb://host:2113?tls=false'],
    ['kurrentdb://host', 'esdb://host'],
    ['kurrentdb+discover://cluster.example', 'esdb+discover://cluster.example'],
    ['KurrentDB://a:1,b:2', 'esdb://a:1,b:2'],
    ['http://host', 'http://host'],
  ])('%s is %s to the client', (url, address) => {
    expect(clientAddress(url)).toBe(address);
  });

  it.each([
    ['esdb://admin:changeit@host:2113?tls=false', 'host:2113'],
    ['kurrentdb+discover://admin:p%40ss@a:1,b:2/?tls=true', 'a:1,b:2'],
    ['esdb://admin:p@ss@host', 'host'],
    ['nonsense', 'an address without a host'],
  ])('of %s messages show %s', (url, hosts) => {
    expect(hostsIn(url)).toBe(hosts);
  });

  it('a server that is away at the start is told with its host, in bounded time, and never with the password', async () => {
    const gone = await startEventStoreStandIn();
    gone.stop();
    const url = `kurrentdb://admin:changeit@127.0.0.1:${gone.port}?tls=false`; // secrets:allow
    const failure = await openEventStoreLog({ url, openTimeoutMs: 200 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'LogUnavailableError', reason: 'unreachable' });
    expect(String(failure)).toContain(`127.0.0.1:${gone.port}`);
    expect(String(failure)).not.toContain('changeit');
  });

  it('an address that cannot be read is told without the password in it', async () => {
    const failure = await openEventStoreLog({ url: 'esdb://admin:changeit@host:port' }) // secrets:allow
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'LogUnavailableError', reason: 'failed' });
    expect(String(failure)).not.toContain('changeit');
  });

  it('a server that comes up in the meantime is waited for', async () => {
    const standIn = await startEventStoreStandIn();
    standIn.stop();
    const opening = openEventStoreLog({ url: standIn.url });
    await standIn.start();
    await (await opening).close();
    standIn.stop();
  });
});

describe('an event log on an event store', () => {
  let now: number;
  let standIn: EventStoreStandIn;
  let log: EventStoreLog;
  beforeEach(async () => {
    now = 1_760_000_000_000;
    standIn = await startEventStoreStandIn({ clock: () => now });
    log = await openEventStoreLog({ url: standIn.url });
  });
  afterEach(async () => {
    await log.close();
    standIn.stop();
  });

  it('streams that the server and our own notes live in take no events', async () => {
    for (const stream of ['$all', '$$a', 'chronoscope.checkpoint-a']) {
      const refused = { code: 'CHR_INVALID_EVENT', message: expect.stringContaining(stream) };
      await expect(log.append([to(stream, logEvents(1, 1))])).rejects.toMatchObject(refused);
    }
  });

  it('an event that another log has recorded keeps its time', async () => {
    const times = new Map([[logEvent(1).id, 1_700_000_000_000]]);
    const moving = await openEventStoreLog({ url: standIn.url, recordedAt: ({ id }) => times.get(id) });
    await moving.append([to('a', logEvents(1, 2))]);
    await moving.close();
    const recorded = (await eventsOf(log.read())).map(({ recordedAt }) => recordedAt);
    expect(recorded).toEqual([1_700_000_000_000, now]);
  });

  it('whatever others write, a reader that has come to the head finds itself there, and not beyond', async () => {
    await log.append([to('a', logEvents(1, 1))]);
    for (let i = 0; i < 300; i++) addForeignEvents(standIn.database);
    const stop = new AbortController();
    const ends: unknown[] = [];
    const reading = (async () => {
      for await (const { to: end } of log.subscribe({ signal: stop.signal })) ends.push(end);
    })();
    await expect.poll(() => ends.at(-1)).toBe(await log.head());
    for (let i = 0; i < 300; i++) addForeignEvents(standIn.database);
    await log.append([to('a', logEvents(2, 1))]);
    await expect.poll(() => ends.at(-1)).toBe(await log.head());
    for (let i = 0; i < 300; i++) addForeignEvents(standIn.database);
    stop.abort();
    await reading;
    expect(ends).toHaveLength(2);
  });

  it('the head passes over a long tail of other programs once, not every time', async () => {
    await log.append([to('a', logEvents(1, 1))]);
    for (let i = 0; i < 300; i++) addForeignEvents(standIn.database);
    const fresh = await openEventStoreLog({ url: standIn.url });
    const head = await fresh.head();
    const before = standIn.calls.read ?? 0;
    expect(await fresh.head()).toBe(head);
    expect((standIn.calls.read ?? 0) - before).toBe(1);
    await fresh.close();
  });

  it('what was looked for by time once is found again with fewer reads', async () => {
    for (let i = 0; i < 10; i++) {
      now += 3_600_000;
      await log.append([to('a', logEvents(i * 1_000, 1_000))]);
    }
    const range = { fromTime: 1_760_000_000_000 + 2 * 3_600_000, toTime: 1_760_000_000_000 + 3 * 3_600_000 };
    const reads = async () => {
      const before = standIn.calls.read ?? 0;
      expect(await eventsOf(log.readByTime(range))).toHaveLength(1_000);
      return (standIn.calls.read ?? 0) - before;
    };
    const first = await reads();
    expect(await reads()).toBeLessThan(first);
  });

  it('what holds a stream’s beginning back goes later, and what else was set for the stream stays', async () => {
    const bounds = Buffer.from('{"$maxCount":1000,"own":"setting"}');
    const setting = {
      id: crypto.randomUUID(),
      type: '$metadata',
      contentType: 'application/json',
      data: bounds,
      metadata: new Uint8Array(),
    };
    standIn.database.append('$$a', 'any', [setting]);
    await log.append([to('a', logEvents(1, 3))]);
    await log.append([to('kept', logEvents(4, 1))]);
    const keep = ({ id }: { id: string }) => id === logEvent(2).id || id === logEvent(4).id;
    now += 100;
    expect(await log.expire({ before: now, keep })).toBe(1);
    expect(numbersOf(await streamOf(log.readStream('a')))).toEqual([2, 3]);
    now += 100;
    expect(await log.expire({ before: now, keep: ({ stream }) => stream === 'kept' })).toBe(2);
    expect(await streamOf(log.readStream('a'))).toEqual([]);
    expect(numbersOf(await streamOf(log.readStream('kept')))).toEqual([4]);
    const metadata = standIn.database.readable('$$a')?.at(-1)?.data ?? new Uint8Array();
    expect(JSON.parse(Buffer.from(metadata).toString())).toEqual({ $maxCount: 1000, own: 'setting', $tb: 3 });
    expect(await log.append([to('a', logEvents(5, 1), 2)])).toMatchObject({ kind: 'appended' });
  });

  it('a subscriber reaches the head also where the event that stood there is gone', async () => {
    await log.append([to('a', logEvents(1, 2))]);
    const head = await log.head();
    standIn.database.disk.events.pop();
    for await (const { to: end } of log.subscribe()) if (end === head) break;
  });

  it('positions are whole numbers of bytes, compared as such beyond what a double holds', () => {
    const [small, large, larger] = ['7', '9223372036854775806', '9223372036854775807'].map(log.parsePosition);
    if (small === undefined || large === undefined || larger === undefined) throw new Error('No position.');
    expect(log.compare(large, larger)).toBe(-1);
    expect(log.compare(larger, small)).toBe(1);
    expect(log.parsePosition('9223372036854775808')).toBeUndefined();
  });
});

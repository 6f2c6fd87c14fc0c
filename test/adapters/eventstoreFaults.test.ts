import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventStoreLog, openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import {
  eventsOf,
  logEvent,
  logEvents,
  numbersOf,
  streamOf,
  takeEvents,
  to,
} from '../contracts/logEvents.ts';
import { addForeignEvents } from '../support/eventstore/foreign.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

const unreachable = { name: 'LogUnavailableError', reason: 'unreachable' };

describe('an event log on a server that fails', () => {
  let standIn: EventStoreStandIn;
  let log: EventStoreLog;
  const logs: EventStoreLog[] = [];
  const open = async (options: Partial<Parameters<typeof openEventStoreLog>[0]> = {}) => {
    const one = await openEventStoreLog({ url: standIn.url, ...options });
    logs.push(one);
    return one;
  };

  beforeEach(async () => {
    standIn = await startEventStoreStandIn();
    log = await open();
  });
  afterEach(async () => {
    standIn.faults = {};
    await Promise.all(logs.splice(0).map((one) => one.close()));
    standIn.stop();
  });

  it('a connection lost in the middle of a subscription loses and repeats nothing', async () => {
    const taking = takeEvents(log.subscribe({ maxEvents: 7 }), 200);
    for (let i = 0; i < 20; i++) {
      await log.append([to('a', logEvents(1 + i * 10, 10))]);
      if (i % 4 === 3) await standIn.dropConnections();
    }
    expect(numbersOf(await taking)).toEqual(numbers(1, 200));
  });

  it('batches of a subscription lie end to end across lost connections', async () => {
    await log.append([to('a', logEvents(1, 100))]);
    let last: string | undefined;
    let seen = 0;
    for await (const { events, from, to: end } of log.subscribe({ maxEvents: 10 })) {
      expect(from).toBe(last);
      last = end;
      seen += events.length;
      if (seen % 30 === 0) await standIn.dropConnections();
      if (seen === 100) break;
    }
    expect(seen).toBe(100);
  });

  it('a reading that is cut off goes on where it was', async () => {
    await log.append([to('a', logEvents(1, 500))]);
    const read: number[] = [];
    for await (const { events } of log.read({ maxEvents: 50 })) {
      read.push(...numbersOf(events));
      if (read.length === 100) await standIn.dropConnections();
    }
    expect(read).toEqual(numbers(1, 500));
  });

  it('a server that restarts during appends has every acknowledged event once', async () => {
    let acknowledged = 0;
    const appending = Promise.all(
      numbers(0, 8).map(async (writer) => {
        for (let i = 0; i < 25; i++) {
          const outcome = await log.append([to(`w${writer}`, logEvents(writer * 1_000 + i * 4, 4))]);
          if (outcome.kind === 'appended') acknowledged += outcome.appended + outcome.duplicates;
        }
      }),
    );
    for (let i = 0; i < 6; i++) {
      await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(i * 100);
      await standIn.restart();
    }
    await appending;
    const ids = numbersOf(await eventsOf(log.read()));
    expect(ids).toHaveLength(800);
    expect(new Set(ids).size).toBe(800);
  });

  it.each(['stored but unavailable', 'unavailable', 'timed out', 'not leader'] as const)(
    'an append that met "%s" is stored once, also when the server has forgotten what it knew',
    async (fault) => {
      let met = 0;
      standIn.faults.append = (stream) => {
        if (stream !== 'a' || met++ > 0) return undefined;
        queueMicrotask(() => standIn.database.forgetIds());
        return fault;
      };
      expect(await log.append([to('a', logEvents(1, 5))])).toMatchObject({ kind: 'appended' });
      expect(await log.append([to('a', logEvents(6, 1), 4)])).toMatchObject({ kind: 'appended' });
      expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2, 3, 4, 5, 6]);
    },
  );

  it('an append with an expectation whose answer was lost is no conflict with itself', async () => {
    let lost = 0;
    standIn.faults.append = () => (lost++ === 0 ? 'stored but unavailable' : undefined);
    expect(await log.append([to('a', logEvents(1, 2), 'none')])).toMatchObject({ kind: 'appended' });
    expect(await log.append([to('a', logEvents(3, 1), 1)])).toMatchObject({ kind: 'appended' });
    expect(numbersOf(await streamOf(log.readStream('a')))).toEqual([1, 2, 3]);
  });

  it('of a batch that the server knows in part, the rest is stored', async () => {
    await (await open()).append([to('a', logEvents(1, 3))]);
    const outcome = await log.append([to('a', logEvents(1, 6))]);
    expect(outcome).toMatchObject({ appended: 3, duplicates: 3 });
    expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('a stalled server ends an append as unreachable, and the same append later stores it once', async () => {
    const hasty = await open({ appendTimeoutMs: 150 });
    standIn.faults.append = () => 'stored but stalled';
    await expect(hasty.append([to('a', logEvents(1, 2))])).rejects.toMatchObject(unreachable);
    standIn.faults.append = () => 'stalled';
    await expect(hasty.append([to('a', logEvents(3, 2))])).rejects.toMatchObject(unreachable);
    standIn.faults = {};
    standIn.database.forgetIds();
    await hasty.append([to('a', logEvents(1, 4))]);
    expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2, 3, 4]);
  });

  it('an append to a server that is away is refused in bounded time, and goes on when it is back', async () => {
    const hasty = await open({ appendTimeoutMs: 200 });
    standIn.stop();
    await expect(hasty.append([to('a', logEvents(1, 1))])).rejects.toMatchObject(unreachable);
    await standIn.start();
    expect(await log.append([to('a', logEvents(1, 1))])).toMatchObject({ appended: 1 });
  });

  it('a server that comes back while an append waits takes it', async () => {
    standIn.stop();
    const appending = log.append([to('a', logEvents(1, 3))]);
    await standIn.start();
    expect(await appending).toMatchObject({ appended: 3 });
  });

  it('a ping tells whether an append could be taken, and writes nothing', async () => {
    const before = standIn.database.events.length;
    await log.ping();
    expect(standIn.database.events).toHaveLength(before);
    standIn.faults.append = () => 'unavailable';
    await expect(log.ping()).rejects.toMatchObject(unreachable);
    standIn.faults.append = () => 'stalled';
    await expect(log.connection.probe(100)).rejects.toMatchObject(unreachable);
  });

  it('a log on a stalled server can be closed', async () => {
    standIn.faults.append = () => 'stalled';
    const appending = log.append([to('a', logEvents(1, 1))]).catch((error: unknown) => error);
    const following = takeEvents(log.subscribe(), 1);
    await log.close();
    expect(await following).toEqual([]);
    expect(await appending).toMatchObject({ name: 'LogUnavailableError', reason: 'closed' });
  });

  it('of two writers with one expectation one succeeds', async () => {
    const other = await open();
    for (let i = 0; i < 10; i++) {
      const expected = i === 0 ? ('none' as const) : i - 1;
      const outcomes = await Promise.all([
        log.append([to('a', logEvents(i * 2, 1), expected)]),
        other.append([to('a', logEvents(i * 2 + 1, 1), expected)]),
      ]);
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['appended', 'conflict']);
    }
    expect(await streamOf(log.readStream('a'))).toHaveLength(10);
  });

  it('other programs’ events are passed over, by readers, by subscribers and at the head', async () => {
    addForeignEvents(standIn.database);
    await log.append([to('a', logEvents(1, 2))]);
    const head = await log.head();
    addForeignEvents(standIn.database);
    await log.append([to('request-1', logEvents(3, 1))]);
    expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2, 3]);
    expect(numbersOf(await takeEvents(log.subscribe({ after: head }), 1))).toEqual([3]);
    expect(numbersOf(await streamOf(log.readStream('request-1')))).toEqual([3]);
    const last = await log.head();
    addForeignEvents(standIn.database);
    expect(await (await open()).head()).toBe(last);
  });

  it('batch append, which cannot be trusted, is never used though the server offers it', async () => {
    await log.append([to('a', logEvents(1, 3)), to('b', logEvents(4, 3))]);
    expect(standIn.calls.batchAppend).toBeUndefined();
    expect(standIn.calls.append).toBeGreaterThan(0);
  });
});

describe('sizes', () => {
  let standIn: EventStoreStandIn;
  let log: EventStoreLog;
  beforeEach(async () => {
    standIn = await startEventStoreStandIn();
    log = await openEventStoreLog({ url: standIn.url });
  });
  afterEach(async () => {
    await log.close();
    standIn.stop();
  });

  const large = (number: number, characters: number) =>
    logEvent(number, { data: { level: 'info', message: 'x'.repeat(characters) } } as never);

  it('too large an event is refused before sending, with what to do, and the call with it', async () => {
    const before = standIn.calls.append;
    const call = [to('b', logEvents(1, 1)), to('a', [large(2, 1_100_000)])];
    await expect(log.append(call)).rejects.toMatchObject({
      code: 'CHR_BODY_TOO_LARGE',
      message: expect.stringContaining('shorter texts'),
    });
    expect(standIn.calls.append).toBe(before);
    expect(await eventsOf(log.read())).toEqual([]);
  });

  it('what is too large for one append of the server goes in several, in order', async () => {
    const events = numbers(1, 30).map((number) => large(number, 200_000));
    expect(await log.append([to('a', events, 'none')])).toMatchObject({ appended: 30 });
    expect(numbersOf(await streamOf(log.readStream('a')))).toEqual(numbers(1, 30));
    expect(await log.append([to('a', logEvents(31, 1), 29)])).toMatchObject({ appended: 1 });
  });

  it('a server with a smaller limit refuses in words that help', async () => {
    const small = await startEventStoreStandIn({ maxAppendBytes: 1_000 });
    const narrow = await openEventStoreLog({ url: small.url });
    await expect(narrow.append([to('a', [large(1, 5_000)])])).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringContaining('Maximum Append Size of 1000'),
    });
    await narrow.close();
    small.stop();
  });

  it('a thousand events over three hundred streams are one call', async () => {
    const appends = numbers(0, 1_000).map((number) => to(`request-${number % 300}`, logEvents(number, 1)));
    const outcome = await log.append(appends);
    expect(outcome).toMatchObject({ appended: 1_000, duplicates: 0 });
    const events = await eventsOf(log.read());
    expect(numbersOf(events).sort((a, b) => a - b)).toEqual(numbers(0, 1_000));
    if (outcome.kind === 'appended') expect(await log.head()).toBe(outcome.position);
    expect(await log.append(appends)).toMatchObject({ appended: 0, duplicates: 1_000 });
  });

  it('what waits for a subscriber comes as few batches', async () => {
    await log.append(numbers(0, 20).map((i) => to(`s${i}`, logEvents(i * 100, 100))));
    let batches = 0;
    let events = 0;
    for await (const batch of log.subscribe()) {
      batches++;
      events += batch.events.length;
      await new Promise(setImmediate);
      if (events === 2_000) break;
    }
    expect(batches).toBeLessThan(100);
  });
});

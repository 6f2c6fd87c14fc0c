import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/projections/ports.ts';
import {
  batchesOf,
  eventsOf,
  idOf,
  logEvent,
  logEvents,
  numbersOf,
  streamOf,
  takeEvents,
  to,
} from './logEvents.ts';

/** What a log under test is opened with; the same place opened again must hold what was stored there. */
export interface LogSetting {
  clock: () => number;
  place: string;
}

export interface EventLogContract {
  open: (setting: LogSetting) => Promise<EventLog>;
  /** A fresh, empty place. */
  makePlace: () => Promise<string>;
  skip?: readonly { test: string; reason: string }[];
  /** A log that cannot count its events tells about how many there are; 0 is 0 all the same. */
  estimates?: boolean;
}

const start = 1_760_000_000_000;

/** Every promise of the event log's port, by name. */
export function eventLogContract(name: string, contract: EventLogContract): void {
  const { open, makePlace, skip = [], estimates = false } = contract;
  describe(`event log: ${name}`, () => {
    let log: EventLog;
    let place: string;
    let now: number;

    const clock = () => now;
    const reopen = async () => {
      await log.close();
      log = await open({ clock, place });
    };
    const promise = (test: string, body: () => Promise<void>) => {
      const reason = skip.find((one) => one.test === test)?.reason;
      if (reason === undefined) it(test, body);
      else it.skip(`${test} (${reason})`, body);
    };
    /** What a number of events is told as. */
    const about = (events: number): unknown => (estimates ? expect.any(Number) : events);
    const append = async (stream: string, numbers: readonly number[]) => {
      const outcome = await log.append([
        to(
          stream,
          numbers.map((number) => logEvent(number)),
        ),
      ]);
      if (outcome.kind !== 'appended') throw new Error('A conflict was not expected here.');
      return outcome;
    };

    beforeEach(async () => {
      now = start;
      place = await makePlace();
      log = await open({ clock, place });
    });
    afterEach(() => log.close());

    promise('an empty log has no head, no events and no times', async () => {
      expect(await log.head()).toBeUndefined();
      expect(await batchesOf(log.read())).toEqual([]);
      expect(await log.stats()).toMatchObject({
        events: 0,
        firstRecordedAt: undefined,
        lastRecordedAt: undefined,
        expiredBefore: undefined,
      });
    });

    promise('an event comes back as it was given, with its position, stream and time', async () => {
      const full = logEvent(1, {
        occurredAt: start + 0.125,
        requestId: '3f2b8c1e-9d4a-4b6f-8e21-5c7d9a0b1e2f',
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: '00f067aa0ba902b7',
        parentSpanId: 'A0F067AA0BA902B7',
        userId: 'Käthe 😀 \u0000 "quoted"',
      });
      const plain = logEvent(2, {
        occurredAt: 0.1 + 0.2,
        type: 'MetricRecorded',
        data: { name: 'x', kind: 'gauge', value: -1e-9, attributes: { a: 'b', c: 1, d: false } },
      });
      await log.append([to('request-3f2b8c1e-9d4a-4b6f-8e21-5c7d9a0b1e2f', [full]), to('other', [plain])]);
      await reopenIfItCan();
      const [one, two] = await eventsOf(log.read());
      expect(one).toEqual({
        ...full,
        recordedAt: start,
        position: one?.position,
        stream: 'request-3f2b8c1e-9d4a-4b6f-8e21-5c7d9a0b1e2f',
      });
      expect(two).toEqual({ ...plain, recordedAt: start, position: two?.position, stream: 'other' });
    });

    const reopenIfItCan = async () => {
      if (!skip.some(({ test }) => test === 'what was appended is there after closing and opening again')) {
        await reopen();
      }
    };

    promise('events of one call are stored in the order given, over many streams', async () => {
      await log.append([to('a', logEvents(1, 3)), to('b', logEvents(4, 2)), to('a', logEvents(6, 1))]);
      expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2, 3, 4, 5, 6]);
      expect(numbersOf(await streamOf(log.readStream('a')))).toEqual([1, 2, 3, 6]);
    });

    promise('the position of the answer is at or after every event of the call', async () => {
      const first = await append('a', [1, 2, 3]);
      const again = await append('a', [2]);
      const events = await eventsOf(log.read());
      for (const { position } of events) expect(log.compare(position, first.position)).toBeLessThanOrEqual(0);
      expect(log.compare(events[1]?.position ?? first.position, again.position)).toBeLessThanOrEqual(0);
      expect(await log.head()).toBe(first.position);
    });

    promise('an empty call changes nothing', async () => {
      expect(await log.append([])).toMatchObject({ kind: 'appended', appended: 0, duplicates: 0 });
      expect(await log.append([to('a', [])])).toMatchObject({ kind: 'appended', appended: 0, duplicates: 0 });
      expect((await log.stats()).events).toBe(0);
    });

    promise('the same id twice in one call is one event', async () => {
      const outcome = await log.append([
        to('a', [logEvent(1), logEvent(2), logEvent(1)]),
        to('b', [logEvent(2)]),
      ]);
      expect(outcome).toMatchObject({ kind: 'appended', appended: 2, duplicates: 2 });
      expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2]);
    });

    promise('the same id in a later call is one event, also when half of a batch was seen', async () => {
      await append('a', [1, 2, 3]);
      expect(await append('a', [2, 3, 4, 5])).toMatchObject({ appended: 2, duplicates: 2 });
      expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 2, 3, 4, 5]);
    });

    promise('the same id in calls at the same time is one event', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => append(`s${i}`, [1, 2, 10 + i])),
      );
      expect(outcomes.reduce((sum, { appended }) => sum + appended, 0)).toBe(22);
      expect(outcomes.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(38);
      expect(numbersOf(await eventsOf(log.read())).sort((a, b) => a - b)).toEqual([
        1,
        2,
        ...Array.from({ length: 20 }, (_, i) => 10 + i),
      ]);
    });

    promise('an id that is no UUID in lower case is refused, and the call with it', async () => {
      const bad = [logEvent(1), logEvent(2, { id: 'ABCDEF01-0000-4000-8000-000000000000' })];
      await expect(log.append([to('a', bad)])).rejects.toMatchObject({ code: 'CHR_INVALID_EVENT' });
      await expect(log.append([to('a', [logEvent(3, { id: 'nonsense' })])])).rejects.toThrow('UUID');
      expect(await eventsOf(log.read())).toEqual([]);
      expect(await append('a', [1])).toMatchObject({ appended: 1 });
    });

    promise('names beyond all measure are refused', async () => {
      const refused = { code: 'CHR_BODY_TOO_LARGE' };
      await expect(log.append([to('x'.repeat(10_000), logEvents(1, 1))])).rejects.toMatchObject(refused);
      await expect(log.append([to('', logEvents(1, 1))])).rejects.toMatchObject(refused);
      const long = logEvent(1, { requestId: 'x'.repeat(10_000) });
      await expect(log.append([to('a', [long])])).rejects.toMatchObject(refused);
    });

    promise('one call that fails takes no other with it', async () => {
      const bad = logEvent(2, { id: 'nonsense' });
      const outcomes = await Promise.allSettled([
        append('a', [1]),
        log.append([to('a', [bad])]),
        append('a', [3]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(numbersOf(await eventsOf(log.read()))).toEqual([1, 3]);
    });

    promise('an expected revision that is met is appended, one that is not is a conflict', async () => {
      expect(await log.append([to('a', logEvents(1, 2), 'none')])).toMatchObject({ kind: 'appended' });
      expect(await log.append([to('a', logEvents(3, 1), 1)])).toMatchObject({ kind: 'appended' });
      expect(await log.append([to('a', logEvents(4, 1), 1)])).toEqual({
        kind: 'conflict',
        stream: 'a',
        expected: 1,
        actual: 2,
      });
      expect(await log.append([to('b', logEvents(5, 1), 0)])).toEqual({
        kind: 'conflict',
        stream: 'b',
        expected: 0,
        actual: 'none',
      });
      expect(await log.append([to('a', logEvents(6, 1), 'none')])).toMatchObject({
        kind: 'conflict',
        actual: 2,
      });
    });

    promise('a conflict in one stream stores nothing of the call', async () => {
      await log.append([to('a', logEvents(1, 1), 'none')]);
      const outcome = await log.append([to('b', logEvents(2, 2)), to('a', logEvents(4, 1), 'none')]);
      expect(outcome).toMatchObject({ kind: 'conflict', stream: 'a' });
      expect(numbersOf(await eventsOf(log.read()))).toEqual([1]);
      expect(await append('b', [2, 3])).toMatchObject({ appended: 2, duplicates: 0 });
    });

    promise('of appends at the same time with the same expectation one succeeds', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, i) => log.append([to('a', logEvents(1 + i, 1), 'none')])),
      );
      expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
      expect(await streamOf(log.readStream('a'))).toHaveLength(1);
    });

    promise('two appends to one stream in one call each see the revision behind the one before', async () => {
      const call = [to('a', logEvents(1, 2), 'none'), to('a', logEvents(3, 1), 1), to('a', logEvents(4, 1))];
      expect(await log.append(call)).toMatchObject({ kind: 'appended', appended: 4 });
      expect(await log.append([to('a', logEvents(5, 1), 3)])).toMatchObject({ kind: 'appended' });
    });

    promise('an append that is repeated after it succeeded is no conflict', async () => {
      await log.append([to('a', logEvents(1, 2), 'none')]);
      expect(await log.append([to('a', logEvents(1, 2), 'none')])).toMatchObject({
        kind: 'appended',
        appended: 0,
        duplicates: 2,
      });
    });

    promise('a stream that so far had telemetry alone has its true revision', async () => {
      await append('a', [1, 2]);
      await append('other', [3]);
      await append('a', [4]);
      expect(await log.append([to('a', logEvents(5, 1), 'none')])).toMatchObject({
        kind: 'conflict',
        actual: 2,
      });
      const call = [to('a', logEvents(6, 1)), to('a', logEvents(7, 1), 3)];
      expect(await log.append(call)).toMatchObject({ kind: 'appended', appended: 2 });
      await append('a', [8]);
      await reopenIfItCan();
      expect(await log.append([to('a', logEvents(9, 1), 5)])).toMatchObject({ kind: 'appended' });
      expect(numbersOf(await streamOf(log.readStream('a')))).toEqual([1, 2, 4, 6, 7, 8, 9]);
      expect(numbersOf(await streamOf(log.readStream('a', { fromRevision: 3 })))).toEqual([6, 7, 8, 9]);
    });

    promise('a stream is read from a revision on, and an unknown stream is empty', async () => {
      await append('a', [1, 2, 3]);
      await append('b', [4]);
      await append('a', [5]);
      expect(numbersOf(await streamOf(log.readStream('a', { fromRevision: 2 })))).toEqual([3, 5]);
      expect(await streamOf(log.readStream('a', { fromRevision: 9 }))).toEqual([]);
      expect(await streamOf(log.readStream('nobody'))).toEqual([]);
    });

    promise('reading takes what lies behind `after` up to and with `until`', async () => {
      await append('a', [1, 2, 3]);
      await append('a', [4, 5]);
      const all = await eventsOf(log.read());
      const [, second, third, fourth] = all.map(({ position }) => position);
      expect(numbersOf(await eventsOf(log.read({ after: second })))).toEqual([3, 4, 5]);
      expect(numbersOf(await eventsOf(log.read({ after: second, until: fourth })))).toEqual([3, 4]);
      expect(numbersOf(await eventsOf(log.read({ until: third })))).toEqual([1, 2, 3]);
      expect(await eventsOf(log.read({ after: fourth, until: third }))).toEqual([]);
    });

    promise('batches are no larger than asked, lie end to end and reach the head', async () => {
      for (let i = 0; i < 5; i++)
        await append(
          'a',
          [1, 2, 3, 4, 5, 6, 7].map((n) => i * 7 + n),
        );
      const batches = await batchesOf(log.read({ maxEvents: 4 }));
      expect(Math.max(...batches.map(({ events }) => events.length))).toBe(4);
      expect(batches[0]?.from).toBeUndefined();
      for (const [i, batch] of batches.entries()) if (i > 0) expect(batch.from).toBe(batches[i - 1]?.to);
      expect(batches.at(-1)?.to).toBe(await log.head());
      expect(numbersOf(batches.flatMap(({ events }) => [...events]))).toHaveLength(35);
    });

    promise('a batch read again by its bounds is the same batch, whatever happened since', async () => {
      for (let i = 0; i < 40; i++) {
        now += 10;
        await append('a', [i * 2 + 1, i * 2 + 2]);
      }
      const batches = await batchesOf(log.read({ maxEvents: 7 }));
      await log.expire({ before: start + 200, keep: () => false });
      await log.maintain();
      await append('a', [900]);
      const after = batches.filter(({ events }) =>
        events.every(({ recordedAt }) => recordedAt >= start + 200),
      );
      expect(after.length).toBeGreaterThan(3);
      for (const { from, to, events } of after) {
        expect(await eventsOf(log.read({ after: from, until: to }))).toEqual(events);
      }
    });

    promise('reading ends at the head as it was when it was asked', async () => {
      await append('a', [1, 2]);
      const reading = log.read();
      await append('a', [3]);
      expect(numbersOf(await eventsOf(reading))).toEqual([1, 2]);
    });

    promise('events recorded in a range of time are found', async () => {
      for (let i = 0; i < 10; i++) {
        now = start + i * 100;
        await append('a', [i]);
      }
      const between = (fromTime: number, toTime: number) => eventsOf(log.readByTime({ fromTime, toTime }));
      expect(numbersOf(await between(start + 200, start + 500))).toEqual([2, 3, 4]);
      expect(numbersOf(await between(start + 201, start + 501))).toEqual([3, 4, 5]);
      expect(await between(start + 5_000, start + 9_000)).toEqual([]);
      expect(numbersOf(await between(0, start + 1))).toEqual([0]);
      for (const batch of await batchesOf(log.readByTime({ fromTime: start + 300, toTime: start + 700 }))) {
        expect(await eventsOf(log.read({ after: batch.from, until: batch.to }))).toEqual(batch.events);
      }
    });

    promise('recording times never decrease, though the clock does', async () => {
      for (const time of [start + 50, start + 10, start + 60, start - 1_000]) {
        now = time;
        await append('a', [time - start + 5_000]);
      }
      const times = (await eventsOf(log.read())).map(({ recordedAt }) => recordedAt - start);
      expect(times).toEqual([50, 50, 60, 60]);
    });

    promise('a subscription catches up and goes on live, without gap or repetition', async () => {
      await append('a', [1, 2, 3]);
      const taken = takeEvents(log.subscribe({ maxEvents: 2 }), 103);
      for (let i = 0; i < 100; i++) await append('a', [10 + i]);
      expect(numbersOf(await taken)).toEqual([1, 2, 3, ...Array.from({ length: 100 }, (_, i) => 10 + i)]);
    });

    promise('many subscribers from different positions each get everything behind theirs', async () => {
      await append('a', [1, 2, 3, 4]);
      const positions = (await eventsOf(log.read())).map(({ position }) => position);
      const waiting = positions.map((after, i) => takeEvents(log.subscribe({ after }), 7 - (i + 1)));
      await append('a', [5]);
      await append('b', [6, 7]);
      for (const [i, taken] of (await Promise.all(waiting)).entries()) {
        expect(numbersOf(taken)).toEqual([1, 2, 3, 4, 5, 6, 7].slice(i + 1));
      }
    });

    promise('a signal ends a subscription, waiting or not, without an error', async () => {
      await append('a', [1]);
      const controller = new AbortController();
      const batches = batchesOf(log.subscribe({ signal: controller.signal }));
      await append('a', [2]);
      controller.abort();
      await batches;
      expect(await batchesOf(log.subscribe({ signal: AbortSignal.abort() }))).toEqual([]);
      expect(await batchesOf(log.read({ signal: AbortSignal.abort() }))).toEqual([]);
    });

    promise('closing ends every iteration and may be repeated', async () => {
      await append('a', [1]);
      const idle = batchesOf(log.subscribe());
      const waiting = batchesOf(log.subscribe({ after: await log.head() }));
      await Promise.all([log.close(), log.close()]);
      await log.close();
      expect((await idle).length).toBeLessThanOrEqual(1);
      expect(await waiting).toEqual([]);
    });

    promise('closing in the middle of reading ends the reading, without an error', async () => {
      for (let i = 0; i < 60; i++) await append(`s${i % 3}`, [i]);
      const slowly = async (parts: AsyncIterable<unknown>) => {
        let count = 0;
        for await (const _ of parts) if (++count === 3) void log.close();
        return count;
      };
      const counts = await Promise.all([
        slowly(log.read({ maxEvents: 1 })),
        slowly(log.subscribe({ maxEvents: 1 })),
        slowly(log.readStream('s1')),
        slowly(log.readByTime({ fromTime: 0, toTime: start + 1 })),
      ]);
      for (const count of counts) expect(count).toBeLessThan(60);
    });

    promise('a closed log takes and gives nothing and says so', async () => {
      await log.close();
      const closed = { name: 'LogUnavailableError', reason: 'closed' };
      await expect(log.append([to('a', logEvents(1, 1))])).rejects.toMatchObject(closed);
      await expect(log.ping()).rejects.toMatchObject(closed);
      await expect(async () => eventsOf(log.read())).rejects.toMatchObject(closed);
      await expect(async () => streamOf(log.readStream('a'))).rejects.toMatchObject(closed);
    });

    promise('an append that was under way when the log was closed is stored or refused', async () => {
      const appended = append('a', [1]).then(
        () => 1,
        () => 0,
      );
      await log.close();
      const stored = await appended;
      if (skip.some(({ test }) => test === 'what was appended is there after closing and opening again'))
        return;
      log = await open({ clock, place });
      expect(await eventsOf(log.read())).toHaveLength(stored);
    });

    promise('positions are read from text, compared, and their distance told', async () => {
      await append('a', [1]);
      const head = (await append('a', [2])).position;
      const first = (await eventsOf(log.read()))[0]?.position;
      if (first === undefined) throw new Error('The first event is missing.');
      expect(log.parsePosition(String(head))).toBe(head);
      expect(log.compare(first, head)).toBeLessThan(0);
      expect(log.compare(head, head)).toBe(0);
      expect(log.distance(head, head)).toBe(0);
      expect(log.distance(first, head)).toEqual(about(1));
      expect(log.distance(undefined, head)).toEqual(about(2));
      expect(log.distance(undefined, head)).toBeGreaterThan(0);
      for (const text of ['', 'x', '-1', '1.5', '1e3', ' 1', '99999999999999999999']) {
        expect(log.parsePosition(text)).toBeUndefined();
      }
    });

    promise(
      'what is expired is gone, and what is kept stays at its position, in its stream, at its time',
      async () => {
        for (let i = 0; i < 30; i++) {
          now = start + i;
          await append(i % 3 === 0 ? 'alert-x' : 'request-y', [i]);
        }
        const before = await eventsOf(log.read());
        const keep = ({ stream }: { stream: string }) => stream === 'alert-x';
        expect(await log.expire({ before: start + 20, keep })).toBe(13);
        const expected = before.filter((event) => event.recordedAt >= start + 20 || keep(event));
        expect(await eventsOf(log.read())).toEqual(expected);
        expect(numbersOf(await streamOf(log.readStream('alert-x')))).toEqual([
          0, 3, 6, 9, 12, 15, 18, 21, 24, 27,
        ]);
        expect(numbersOf(await streamOf(log.readStream('request-y')))).toEqual([20, 22, 23, 25, 26, 28, 29]);
        const early = log.readByTime({ fromTime: start, toTime: start + 10 });
        expect(numbersOf(await eventsOf(early))).toEqual([0, 3, 6, 9]);
        expect(await log.stats()).toMatchObject({
          events: about(17),
          firstRecordedAt: start,
          expiredBefore: start + 20,
        });
        expect(await log.expire({ before: start + 20, keep })).toBe(0);
      },
    );

    promise('a consumer passes over what has expired, to the head even when nothing is left', async () => {
      await append('a', [1, 2, 3]);
      const head = await log.head();
      now += 1_000;
      expect(await log.expire({ before: now, keep: () => false })).toBe(3);
      expect((await batchesOf(log.read())).at(-1)?.to).toBe(head);
      await reopenIfItCan();
      expect(await log.head()).toBe(head);
      now -= 500;
      const next = await append('a', [4]);
      expect(log.compare(next.position, head ?? next.position)).toBeGreaterThan(0);
      expect(numbersOf(await eventsOf(log.read()))).toEqual([4]);
    });

    promise('kept events are still known by their ids', async () => {
      const all = Array.from({ length: 60 }, (_, i) => i);
      for (let i = 0; i < all.length; i += 5) await append('a', all.slice(i, i + 5));
      const kept = all.filter((number) => number % 4 === 0);
      now += 10;
      await log.expire({ before: now, keep: ({ id }) => kept.some((number) => idOf(number) === id) });
      expect(await append('a', kept)).toMatchObject({ appended: 0, duplicates: kept.length });
      await append('a', [100, 101, 102]);
      now += 10;
      await log.expire({ before: now, keep: ({ id }) => id === idOf(8) });
      await reopenIfItCan();
      expect(await append('a', [8])).toMatchObject({ appended: 0, duplicates: 1 });
    });

    promise('a stream that decides goes on counting past what was forgotten', async () => {
      await log.append([to('a', logEvents(1, 3), 'none')]);
      now += 10;
      await log.expire({ before: now, keep: ({ id }) => id === idOf(2) });
      expect(await log.append([to('a', logEvents(4, 1), 'none')])).toMatchObject({
        kind: 'conflict',
        actual: 2,
      });
      expect(await log.append([to('a', logEvents(5, 1), 2)])).toMatchObject({ kind: 'appended' });
      expect(numbersOf(await streamOf(log.readStream('a')))).toEqual([2, 5]);
      expect(numbersOf(await streamOf(log.readStream('a', { fromRevision: 2 })))).toEqual([5]);
    });

    promise('expiry disturbs no append and no reader', async () => {
      for (let i = 0; i < 200; i++) await append('a', [i]);
      now += 10;
      const live = takeEvents(log.subscribe({ after: await log.head() }), 50);
      const expiring = log.expire({ before: now, keep: ({ id }) => id.endsWith('0') });
      for (let i = 0; i < 50; i++) await append('b', [1_000 + i]);
      await Promise.all([expiring, log.maintain()]);
      expect(numbersOf(await live)).toEqual(Array.from({ length: 50 }, (_, i) => 1_000 + i));
    });

    promise('housekeeping changes nothing that can be read', async () => {
      for (let i = 0; i < 300; i++) await append(`s${i % 7}`, [i]);
      const before = await eventsOf(log.read());
      await Promise.all([log.maintain(), log.maintain()]);
      expect(await eventsOf(log.read())).toEqual(before);
      expect(await streamOf(log.readStream('s3'))).toEqual(before.filter(({ stream }) => stream === 's3'));
      expect((await log.stats()).events).toEqual(about(300));
    });

    promise('what was appended is there after closing and opening again', async () => {
      await log.append([to('a', logEvents(1, 3), 'none')]);
      for (let i = 0; i < 50; i++) await append('b', [10 + i]);
      const before = await eventsOf(log.read());
      await reopen();
      expect(await eventsOf(log.read())).toEqual(before);
      expect(await append('b', [10, 11, 12])).toMatchObject({ appended: 0, duplicates: 3 });
      expect(await log.append([to('a', logEvents(80, 1), 2)])).toMatchObject({ kind: 'appended' });
      expect((await log.stats()).events).toEqual(about(54));
    });

    promise('recording times do not decrease across a restart either', async () => {
      now = start + 1_000;
      await append('a', [1]);
      now = start;
      await reopen();
      await append('a', [2]);
      expect((await eventsOf(log.read())).map(({ recordedAt }) => recordedAt)).toEqual([
        start + 1_000,
        start + 1_000,
      ]);
    });

    promise('what was expired stays so after a restart', async () => {
      await append('a', [1, 2]);
      now += 5;
      await append('a', [3]);
      await log.expire({ before: now, keep: () => false });
      await reopen();
      expect(numbersOf(await eventsOf(log.read()))).toEqual([3]);
      expect(await log.stats()).toMatchObject({ expiredBefore: now, events: about(1) });
    });
  });
}

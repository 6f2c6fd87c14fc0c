import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { type MoveProgress, type MoveTarget, moveLog } from '../../src/projections/moving.ts';
import type { EventLog, StreamAppend } from '../../src/projections/ports.ts';
import { eventsOf, logEvent, logEvents, numbersOf, streamOf, to } from '../contracts/logEvents.ts';
import { event } from '../support/events.ts';

const start = 1_760_000_000_000;
const never = new AbortController().signal;

/** A target that counts its calls and can fail at one of them. */
function targetOn(open: (clock: () => number) => EventLog): MoveTarget & { log: EventLog; failAt?: number } {
  let now = 0;
  let calls = 0;
  const log = open(() => now);
  const target: MoveTarget & { log: EventLog; failAt?: number } = {
    log,
    async keep(appends, recordedAt) {
      calls += 1;
      if (calls === target.failAt) throw new Error('the machine has gone');
      now = recordedAt;
      return await log.append(appends);
    },
  };
  return target;
}
const inMemory = () => targetOn((clock) => createMemoryLog({ clock }));
const told = (progress: MoveProgress[]) => ({
  signal: never,
  onProgress: (one: MoveProgress) => progress.push(one),
});
const quiet = told([]);
const withoutPosition = (events: readonly RecordedEvent[]) => events.map(({ position: _, ...rest }) => rest);

describe('a log that is moved', () => {
  let folder: string;
  let now = start;
  let source: EventLog;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chronoscope-moving-'));
    source = await openLmdbLog({ path: folder, clock: () => now });
  });
  afterEach(async () => {
    await source.close();
    await rm(folder, { recursive: true, force: true });
  });

  const fill = async () => {
    await source.append([to('a', logEvents(1, 3)), to('b', logEvents(4, 2)), to('a', logEvents(6, 1))]);
    now += 7;
    const silence = event('SilenceEnded', { data: { silence: 's', by: 'someone' } });
    await source.append([to('silence-s', [silence], 'none')]);
    await source.append([to('a', [logEvent(20, { occurredAt: start + 0.125, userId: 'ü' })])]);
    now += 1;
    await source.append([to('c', logEvents(30, 500))]);
  };

  it('may have deploys and feedback among the telemetry of a stream', async () => {
    const deploy = () => event('DeployRecorded', { occurredAt: start });
    await source.append([to('a', [...logEvents(1, 3), deploy()])]);
    now += 1;
    await source.append([to('a', [deploy(), logEvent(4)])]);
    await source.append([to('a', [event('FeedbackGiven', { occurredAt: start })])]);
    const target = inMemory();
    expect(await moveLog(source, target, quiet)).toMatchObject({ events: 7, present: 0 });
  });

  it('has every event with its id, stream, times and place, and the same checksum', async () => {
    await fill();
    const target = inMemory();
    const moved = await moveLog(source, target, quiet);
    const [wanted, found] = [await eventsOf(source.read()), await eventsOf(target.log.read())];
    expect(withoutPosition(found)).toEqual(withoutPosition(wanted));
    expect(moved).toMatchObject({
      events: 508,
      present: 0,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(numbersOf(await streamOf(target.log.readStream('a')))).toEqual([1, 2, 3, 6, 20]);
    const again = await target.log.append([to('silence-s', logEvents(900, 1), 'none')]);
    expect(again).toMatchObject({ kind: 'conflict', actual: 0 });
  });

  it('goes on where it was cut off, and moves nothing twice', async () => {
    await fill();
    const target = inMemory();
    target.failAt = 3;
    await expect(moveLog(source, target, quiet)).rejects.toThrow('the machine has gone');
    const before = (await eventsOf(target.log.read())).length;
    expect(before).toBeGreaterThan(0);
    expect(await moveLog(source, target, quiet)).toMatchObject({ events: 508, present: before });
    expect(await moveLog(source, target, quiet)).toMatchObject({ events: 508, present: 508 });
    expect(await eventsOf(target.log.read())).toHaveLength(508);
  });

  it('is not moved on top of what belongs to another log', async () => {
    await fill();
    const target = inMemory();
    await target.log.append([to('a', [logEvent(77)])]);
    await expect(moveLog(source, target, quiet)).rejects.toThrow(/another log: number 1 is .* expected/);
    expect(await eventsOf(target.log.read())).toHaveLength(1);
  });

  it('that is shorter than what the target holds is refused', async () => {
    await fill();
    const target = inMemory();
    await moveLog(source, target, quiet);
    await target.log.append([to('z', [logEvent(999)])]);
    await expect(moveLog(source, target, quiet)).rejects.toThrow('the end was expected');
  });

  it('is told apart from one that a store has changed on the way', async () => {
    await fill();
    const target = inMemory();
    const keep = target.keep;
    const bent = ({ events, ...one }: StreamAppend): StreamAppend => ({
      ...one,
      events: events.map((each) => (each.userId === 'ü' ? { ...each, userId: 'u' } : each)),
    });
    target.keep = (appends, at) => keep(appends.map(bent), at);
    await expect(moveLog(source, target, quiet)).rejects.toThrow('The logs differ');
  });

  it('stops when it is told to, and tells how far it is', async () => {
    await fill();
    const progress: MoveProgress[] = [];
    await moveLog(source, inMemory(), told(progress));
    expect(progress.at(-1)).toMatchObject({ phase: 'copying', events: 508 });
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(moveLog(source, inMemory(), { ...quiet, signal: stopped })).rejects.toThrow('enough');
  });
});

describe('any log', () => {
  it('is the same after it was moved, cut off at any call', async () => {
    const append = fc.record({
      stream: fc.constantFrom('a', 'b', 'silence-x'),
      count: fc.integer({ min: 1, max: 4 }),
      waitMs: fc.constantFrom(0, 0, 1, 50),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(append, { maxLength: 25 }),
        fc.integer({ min: 1, max: 20 }),
        async (appends, failAt) => {
          let now = start;
          let number = 0;
          const source = createMemoryLog({ clock: () => now });
          const silence = { silence: 'x', by: 'someone' };
          for (const { stream, count, waitMs } of appends) {
            now += waitMs;
            const decides = stream === 'silence-x';
            const events = Array.from({ length: count }, () =>
              decides
                ? event('SilenceEnded', { id: logEvent(++number).id, data: silence })
                : logEvent(++number),
            );
            await source.append([to(stream, events)]);
          }
          const target = inMemory();
          target.failAt = failAt;
          await moveLog(source, target, quiet).catch(() => undefined);
          await moveLog(source, target, quiet);
          expect(await eventsOf(target.log.read())).toEqual(await eventsOf(source.read()));
        },
      ),
      { numRuns: 100 },
    );
  });
});

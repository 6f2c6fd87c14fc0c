import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { Store } from '../../src/adapters/lmdb/store.ts';
import { eventsOf, logEvent, logEvents, numbersOf, streamOf, to } from '../contracts/logEvents.ts';
import { openDamagedLog } from '../support/damagedLog.ts';

const clock = () => 1_760_000_000_000;
let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'chronoscope-faults-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const big = (number: number) =>
  logEvent(number, { data: { level: 'info', message: randomText(number, 8_000) } } as never);

/** Text that cannot be compressed to almost nothing. */
function randomText(seed: number, length: number): string {
  let state = seed + 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(33 + (state >>> 24) / 3);
  }).join('');
}

describe('a full disk', () => {
  const disk = () => join(path, 'disk');
  const mounted = () => {
    mkdirSync(disk());
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk()]).status === 0;
  };

  const onSmallDisk = (name: string, body: (folder: string) => Promise<void>) =>
    it(name, async (context) => {
      if (!mounted()) {
        console.warn(
          'SKIPPED: a small file system could not be mounted here, which needs to be done as root.',
        );
        context.skip();
        return;
      }
      try {
        await body(disk());
      } finally {
        spawnSync('umount', [disk()]);
      }
    });

  onSmallDisk(
    'refuses appends by name, stores none of them in part, and takes them again when there is room',
    fillAndRecover,
  );
  onSmallDisk('of appends under way at the same moment none is half stored', appendAtOnce);

  async function fillAndRecover(folder: string): Promise<void> {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024));
    const log = await openLmdbLog({ path: join(folder, 'log'), clock });
    const stored: number[] = [];
    const refused: number[] = [];
    for (let call = 0; refused.length < 60; call++) {
      const numbers = Array.from({ length: 20 }, (_, i) => call * 20 + i);
      await log.append([to(`s${call}`, numbers.map(big), 'none')]).then(
        () => stored.push(...numbers),
        (error: unknown) => {
          expect(error).toMatchObject({ name: 'LogUnavailableError', reason: 'disk_full' });
          expect(String(error)).toContain(join(folder, 'log'));
          refused.push(...numbers);
        },
      );
    }
    await expect(log.ping()).rejects.toMatchObject({ reason: 'disk_full' });
    expect(numbersOf(await eventsOf(log.read()))).toEqual(stored);
    expect(await streamOf(log.readStream(`s${(refused[0] ?? 0) / 20}`))).toEqual([]);

    rmSync(ballast);
    await log.ping();
    const again = await log.append([to('s-again', refused.slice(0, 20).map(big), 'none')]);
    expect(again).toMatchObject({ kind: 'appended', appended: 20, duplicates: 0 });
    await log.close();

    const reopened = await openLmdbLog({ path: join(folder, 'log'), clock });
    expect(numbersOf(await eventsOf(reopened.read()))).toEqual([...stored, ...refused.slice(0, 20)]);
    await reopened.close();
  }

  async function appendAtOnce(folder: string): Promise<void> {
    const log = await openLmdbLog({ path: folder, clock });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 80 }, (_, call) => {
        const events = Array.from({ length: 20 }, (_, i) => big(call * 20 + i));
        return log.append([to(`s${call}`, events)]);
      }),
    );
    const stored = outcomes.flatMap(({ status }, call) => (status === 'fulfilled' ? [call] : []));
    expect(stored.length).toBeLessThan(80);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ reason: 'disk_full' });
    }
    const events = await eventsOf(log.read());
    expect(numbersOf(events)).toEqual(
      stored.flatMap((call) => Array.from({ length: 20 }, (_, i) => call * 20 + i)),
    );
    await log.close();
  }

  it('room that an expiry has freed is used again', async () => {
    let now = clock();
    const log = await openLmdbLog({ path, clock: () => now });
    const fill = async (from: number) => {
      for (let call = 0; call < 10; call++) {
        await log.append([
          to(
            'a',
            Array.from({ length: 20 }, (_, i) => big(from + call * 20 + i)),
          ),
        ]);
      }
    };
    await fill(0);
    const { bytes } = await log.stats();
    for (let round = 1; round < 6; round++) {
      now += 1_000;
      await log.expire({ before: now, keep: () => false });
      await fill(round * 1_000);
    }
    expect((await log.stats()).bytes).toBeLessThan(bytes * 2);
    await log.close();
  });
});

describe('a damaged or foreign log', () => {
  it('a block that was changed on disk is named by its position and file, and gives no garbage', async () => {
    const damaged = await openDamagedLog(path, clock);
    expect(numbersOf(await eventsOf(damaged.read({ until: damaged.parsePosition('10') })))).toHaveLength(10);
    const reading = eventsOf(damaged.read());
    await expect(reading).rejects.toThrow(/damaged.*data\.mdb at position 11.*checksum/);
    await expect(reading).rejects.toMatchObject({ reason: 'failed' });
    await damaged.close();
  });

  it('a block that is missing is named by its position', async () => {
    const log = await openLmdbLog({ path, clock });
    await log.append([to('a', logEvents(0, 10))]);
    await log.close();
    const store = new Store(path);
    await store.write(({ blocks }) => blocks.remove(1));
    await store.close();
    const damaged = await openLmdbLog({ path, clock });
    await expect(eventsOf(damaged.read())).rejects.toThrow(/block at position 1 is missing/);
    await damaged.close();
  });

  it('a damaged index of ids refuses appends, each with an answer', async () => {
    const log = await openLmdbLog({ path, clock, idsPerSegment: 8 });
    for (let i = 0; i < 4; i++) await log.append([to('a', logEvents(i * 10, 10))]);
    await log.close();
    const store = new Store(path);
    await store.write(({ idFilters }) => idFilters.clearAsync());
    await store.close();
    const damaged = await openLmdbLog({ path, clock, idsPerSegment: 8 });
    const answers = await Promise.allSettled(
      [1, 2, 3].map((i) => damaged.append([to('a', logEvents(i * 100, 3))])),
    );
    for (const answer of answers) {
      expect(answer.status === 'rejected' && String(answer.reason)).toMatch(/filter of the ids' segment/);
    }
    expect(numbersOf(await eventsOf(damaged.read()))).toHaveLength(40);
    await damaged.close();
  });

  const newer = { current: { LogWritten: 3, MoonRisen: 1 }, lift: {} };

  it('an event of a version or type that only a newer engine knows is named with both', async () => {
    const log = await openLmdbLog({ path, clock, upcast: newer });
    await log.append([to('a', [logEvent(1, { version: 3 })])]);
    await log.append([to('a', [logEvent(2, { type: 'MoonRisen' } as never)])]);
    await log.close();
    const older = await openLmdbLog({ path, clock });
    const last = older.parsePosition('1');
    await expect(eventsOf(older.read({ until: last }))).rejects.toThrow(
      /LogWritten of version 3.*version known here is 1/,
    );
    await expect(eventsOf(older.read({ after: last }))).rejects.toThrow(
      /MoonRisen of version 1.*type is unknown/,
    );
    await older.close();
  });

  it('what could never be read again is not taken in', async () => {
    const log = await openLmdbLog({ path, clock });
    await expect(log.append([to('a', [logEvent(1, { version: 9 })])])).rejects.toThrow(
      /LogWritten of version 9/,
    );
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const [bad, good] = await Promise.allSettled([
      log.append([to('a', [logEvent(2, { data: circular as never })])]),
      log.append([to('a', [logEvent(3)])]),
    ]);
    expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled']);
    expect(numbersOf(await eventsOf(log.read()))).toEqual([3]);
    expect(await log.append([to('a', [logEvent(2)])])).toMatchObject({ appended: 1, duplicates: 0 });
    await log.close();
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { openProjectionThread } from '../../src/adapters/projectionThread/projector.ts';
import { projections } from '../../src/projections/catalogue.ts';
import { createFeedProjector } from '../../src/projections/projector.ts';
import { logEvents, to } from '../contracts/logEvents.ts';
import { projectorContract } from '../contracts/projector.ts';
import { openDamagedLog } from '../support/damagedLog.ts';

// A thread runs what was built, as the program does.
const entry = new URL('../../dist/projectionThread.js', import.meta.url);

projectorContract('in this thread', (log) => ({
  ...createFeedProjector(log, projections),
  close: async () => undefined,
}));
projectorContract('in a thread of its own', ({ readPacked, file }) =>
  openProjectionThread({ entry, readPacked, file }),
);

describe('the thread of the projections', () => {
  const clock = () => 1_760_000_000_000;
  const query = { projections: ['logs'], after: undefined, maxEvents: 100 };
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'chronoscope-thread-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  it('names the block that is damaged, and goes on with others', async () => {
    const damaged = await openDamagedLog(path, clock);
    const thread = openProjectionThread({ entry, readPacked: damaged.readPacked, file: damaged.file });
    await expect(thread.next({ ...query, maxEvents: 1_000 })).rejects.toThrow(
      /damaged.*data\.mdb at position 11.*checksum/,
    );
    const sound = await thread.next({ ...query, until: damaged.parsePosition('10') });
    expect(sound?.events).toBe(10);
    await thread.close();
    await damaged.close();
  });

  it('while blocks are merged and the log is mapped anew, every event comes once', async () => {
    const log = await openLmdbLog({ path, clock, mappedBytes: 4_096, cacheBytes: 0 });
    const thread = openProjectionThread({ entry, readPacked: log.readPacked, file: log.file });
    const count = 1_200;
    const writing = (async () => {
      for (let i = 0; i < count; i += 3) {
        await log.append([to('a', logEvents(i, 3))]);
        if (i % 60 === 0) await log.maintain();
      }
    })();
    let [rows, after] = [0, log.parsePosition('0')];
    while (rows < count) {
      const stretch = await thread.next({ projections: ['logs'], after, maxEvents: 50 });
      rows += stretch?.rows.get('logs')?.count ?? 0;
      after = stretch?.to;
    }
    await writing;
    expect([rows, after]).toEqual([count, await log.head()]);
    await thread.close();
    await log.close();
  });

  it('one that dies takes only the work at hand along: the next question starts another', async () => {
    const log = await openLmdbLog({ path, clock });
    await log.append([to('a', logEvents(0, 10))]);
    const dying = new URL(
      `data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(1));`,
    );
    const thread = openProjectionThread({ entry: dying, readPacked: log.readPacked, file: log.file });
    for (let round = 0; round < 2; round++) {
      await expect(thread.next(query)).rejects.toThrow('the thread of the projections has ended');
    }
    await thread.close();
    await log.close();
  });

  it('closing it ends whoever waits for an answer, and nothing is asked of it after', async () => {
    const log = await openLmdbLog({ path, clock });
    await log.append([to('a', logEvents(0, 10))]);
    const silent = new URL(`data:text/javascript,setInterval(() => undefined, 1000)`);
    const thread = openProjectionThread({ entry: silent, readPacked: log.readPacked, file: log.file });
    const waiting = expect(thread.next(query)).rejects.toMatchObject({ reason: 'closed' });
    await thread.close();
    await waiting;
    await expect(thread.next(query)).rejects.toMatchObject({ reason: 'closed' });
    await log.close();
  });
});

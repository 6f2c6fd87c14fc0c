import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import { eventsOf, logEvent, streamOf, to } from '../contracts/logEvents.ts';

const clock = () => 1_760_000_000_000;
const before = { current: { LogWritten: 1 }, lift: {} };
const after = {
  current: { LogWritten: 2 },
  lift: { LogWritten: { 1: (data: unknown) => ({ ...(data as object), lifted: true }) } },
};

const lifted = (log: EventLog) =>
  Promise.all([
    eventsOf(log.read()),
    streamOf(log.readStream('a')),
    eventsOf(log.readByTime({ fromTime: 0, toTime: 2e12 })),
  ]);

const expected = { version: 2, data: { ...logEvent(1).data, lifted: true } };

it('what an older engine stored is read in its newest version, by every way of reading', async () => {
  const path = await mkdtemp(join(tmpdir(), 'chronoscope-upcast-'));
  const old = await openLmdbLog({ path, clock, upcast: before });
  await old.append([to('a', [logEvent(1)])]);
  await old.close();
  const log = await openLmdbLog({ path, clock, upcast: after });
  for (const [event] of await lifted(log)) expect(event).toMatchObject(expected);
  await log.close();
  await rm(path, { recursive: true });
});

it('what is appended in an old version is read in its newest at once', async () => {
  const path = await mkdtemp(join(tmpdir(), 'chronoscope-upcast-'));
  for (const log of [
    createMemoryLog({ clock, upcast: after }),
    await openLmdbLog({ path, clock, upcast: after }),
  ]) {
    await log.append([to('a', [logEvent(1)])]);
    for (const [event] of await lifted(log)) expect(event).toMatchObject(expected);
    await log.close();
  }
  await rm(path, { recursive: true });
});

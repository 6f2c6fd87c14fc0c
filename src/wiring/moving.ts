import { dataPaths, makeDataFolder } from '../adapters/dataFolder.ts';
import { openEventStoreLog } from '../adapters/eventstore/eventLog.ts';
import { lockFolder } from '../adapters/folderLock.ts';
import { openLmdbLog } from '../adapters/lmdb/eventLog.ts';
import type { MoveRequest } from '../api/cli/ports.ts';
import { type Moved, type MoveTarget, moveLog } from '../projections/moving.ts';
import type { EventLog } from '../projections/ports.ts';
import { drain } from './drain.ts';

type Opened = MoveTarget & { log: EventLog };

/** Opens both logs by their addresses, and lets nobody else have them meanwhile. */
export async function moveBetween(request: MoveRequest & { dataFolder: string }): Promise<Moved> {
  const cleanups: (() => unknown)[] = [];
  try {
    const source = await openLog(request.from, request, cleanups);
    const target = await openLog(request.to, request, cleanups);
    const { events } = await source.log.stats();
    return await moveLog(source.log, target, {
      signal: request.signal,
      onProgress: (progress) => request.onProgress({ ...progress, total: events }),
    });
  } finally {
    await drain(cleanups, request.logger);
  }
}

async function openLog(
  address: string,
  { dataFolder }: { dataFolder: string },
  cleanups: (() => unknown)[],
): Promise<Opened> {
  if (address.startsWith('lmdb:'))
    return await openFolder(address.slice('lmdb:'.length) || dataFolder, cleanups);
  return await openServer(address, cleanups);
}

async function openServer(url: string, cleanups: (() => unknown)[]): Promise<Opened> {
  let now = 0;
  const log = await openEventStoreLog({ url, recordedAt: () => now });
  cleanups.push(() => log.close());
  return {
    log,
    // One after the other, for the server keeps the order of its streams alone.
    async keep(appends, recordedAt) {
      now = recordedAt;
      const total = { appended: 0, duplicates: 0 };
      for (const one of appends) {
        const outcome = await log.append([one]);
        if (outcome.kind === 'conflict') return outcome;
        total.appended += outcome.appended;
        total.duplicates += outcome.duplicates;
      }
      return { kind: 'appended', ...total };
    },
  };
}

async function openFolder(folder: string, cleanups: (() => unknown)[]): Promise<Opened> {
  await makeDataFolder(folder);
  const lock = await lockFolder(folder);
  cleanups.push(() => lock.release());
  let now = 0;
  const log = await openLmdbLog({ path: dataPaths(folder).log, clock: () => now });
  cleanups.push(() => log.close());
  return {
    log,
    async keep(appends, recordedAt) {
      now = recordedAt;
      return await log.append(appends);
    },
  };
}

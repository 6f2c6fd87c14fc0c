import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { Store } from '../../src/adapters/lmdb/store.ts';
import { logEvents, to } from '../contracts/logEvents.ts';

/** A log of two blocks, with the positions 1 to 10 and 11 to 110, of which the second was changed on disk. */
export async function openDamagedLog(path: string, clock: () => number) {
  const log = await openLmdbLog({ path, clock });
  await log.append([to('a', logEvents(0, 10))]);
  await log.append([to('a', logEvents(10, 100))]);
  await log.close();
  const store = new Store(path);
  const block = Buffer.from(store.tables.blocks.getBinary(11) ?? []);
  block[block.length - 5] = (block[block.length - 5] ?? 0) ^ 1;
  await store.write(({ blocks }) => blocks.put(11, block));
  await store.close();
  return openLmdbLog({ path, clock });
}

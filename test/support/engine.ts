import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbEngine } from '../../src/adapters/chdb/engine.ts';
import { openChdbStore } from '../../src/adapters/chdb/readStore.ts';

/** A real engine on a folder of its own. One per test file: a process holds one data path only. */
export async function temporaryEngine() {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-test-'));
  const engine = await openChdbEngine({ path: join(folder, 'read') });
  const store = await openChdbStore(engine);
  return {
    folder,
    engine,
    store,
    async close() {
      await store.close();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { SnapshotStore } from '../projections/alerts/ports.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** One file that is replaced as a whole: after a crash it is the old one or the new one. */
export function snapshotFile(path: string): SnapshotStore {
  const fresh = `${path}.new`;
  return {
    async load() {
      try {
        return (await unpack(await readFile(path))).toString('utf8');
      } catch {
        // Missing or damaged: whatever it held can be worked out again from the log.
        return undefined;
      }
    },
    async save(text) {
      const bytes = await pack(text, { level: 1 });
      const file = await open(fresh, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } catch (error) {
        await file.close();
        await rm(fresh, { force: true });
        throw error;
      }
      await file.close();
      await rename(fresh, path);
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
    },
  };
}

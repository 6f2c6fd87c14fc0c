import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where things are in the folder that holds everything that is kept. */
export const dataPaths = (folder: string) => ({
  log: join(folder, 'log'),
  checkpoints: join(folder, 'checkpoints'),
  read: join(folder, 'read'),
  analystSpool: join(folder, 'read', 'answers'),
  pseudonymKey: join(folder, 'pseudonym.key'),
  alertSnapshot: join(folder, 'alerts.snapshot'),
  notifierSnapshot: join(folder, 'notifications.snapshot'),
  readersName: join(folder, 'readers.name'),
  running: join(folder, 'engine.json'),
});

/** Only this user may read what is kept: the log holds what people's bots were told. */
export async function makeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/**
 * A keyed hash: the same e-mail address is the same pseudonym for as long as the key lives, and nobody without it can
 * try addresses out. Unless a key is given, for several processes to share, it is in the folder and never leaves it.
 */
export async function pseudonymHash(path: string, given?: string): Promise<(value: string) => string> {
  const key = given === undefined ? await presentKey(path) : Buffer.from(given, 'hex');
  const kept = key !== undefined && key.length === 32 ? key : await makeKey(path);
  return (value) => createHmac('sha256', kept).update(value).digest('hex');
}

/** One that is there and cannot be read must not give way to another: the same address would get two pseudonyms. */
async function presentKey(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeKey(path: string): Promise<Buffer> {
  const key = randomBytes(32);
  await writeDurably(path, key);
  return key;
}

/** A name that no other folder has. */
export async function nameOfFolder(path: string): Promise<string> {
  const name = await readFile(path, 'utf8').catch(() => '');
  if (/^[0-9a-f]{16}$/.test(name)) return name;
  const fresh = randomBytes(8).toString('hex');
  await writeDurably(path, fresh);
  return fresh;
}

async function writeDurably(path: string, content: Buffer | string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

export interface RunningEngine {
  pid: number;
  address: string;
  sqlAddress?: string;
  startedAt: string;
}

/** Tells commands on the same machine where the engine of this folder listens; gives back what takes it away. */
export async function announce(path: string, engine: RunningEngine): Promise<() => Promise<void>> {
  await writeFile(path, `${JSON.stringify(engine, null, 2)}\n`, { mode: 0o600 });
  return () => rm(path, { force: true });
}

import { randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isRunning, ownIdentity, type ProcessIdentity } from './processIdentity.ts';

interface Holder extends ProcessIdentity {
  since: string;
  released?: boolean;
}

export interface FolderLock {
  release(): void;
}

export class FolderLockedError extends Error {
  readonly pid: number;
  readonly since: string;
  constructor(folder: string, { pid, since, host }: Holder, own: ProcessIdentity) {
    const where = host === own.host ? '' : ` on ${host}`;
    super(
      `The data folder ${folder} is in use: process ${pid}${where} has held it since ${since}. ` +
        'Stop that engine first, or give this one another folder with CHRONOSCOPE_DATA.',
    );
    this.name = 'FolderLockedError';
    this.pid = pid;
    this.since = since;
  }
}

const PREFIX = 'engine.lock.';
const BEAT_MS = 1_000;
const SILENCE_MS = 5_000;
const LOOK_MS = 200;

/**
 * One engine per data folder. Locks are numbered and the highest number counts. Whoever finds it abandoned makes
 * the next one, which the file system lets only one of many do; nobody ever takes away what another may hold.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const own = ownIdentity();
  for (;;) {
    const newest = newestLock(folder);
    const holder = newest === 0 ? undefined : readHolder(folder, newest);
    if (holder !== undefined && isHeld(folder, newest, holder, own))
      throw new FolderLockedError(folder, holder, own);
    const held: Holder = { ...own, since: new Date().toISOString() };
    if (!create(folder, newest + 1, held)) continue;
    // One who was slow may have made a number that others had already passed and cleared away.
    if (newestLock(folder) > newest + 1) {
      rmSync(lockPath(folder, newest + 1), { force: true });
      continue;
    }
    for (const number of lockNumbers(folder))
      if (number <= newest) rmSync(lockPath(folder, number), { force: true });
    return keep(folder, newest + 1, held);
  }
}

/** The beat is for those who cannot look up this process, from another container for example. */
function keep(folder: string, number: number, held: Holder): FolderLock {
  const path = lockPath(folder, number);
  const beat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // The folder was removed under a running engine; everything else that it does will say so.
    }
  }, BEAT_MS);
  beat.unref();
  let released = false;
  return {
    release: () => {
      if (released) return;
      released = true;
      clearInterval(beat);
      replace(folder, path, { ...held, released: true });
    },
  };
}

const lockPath = (folder: string, number: number): string => join(folder, `${PREFIX}${number}`);

function lockNumbers(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => Number(name.slice(PREFIX.length)))
    .filter((number) => Number.isSafeInteger(number) && number > 0);
}

const newestLock = (folder: string): number => Math.max(0, ...lockNumbers(folder));

function readHolder(folder: string, number: number): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lockPath(folder, number), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isHeld(folder: string, number: number, holder: Holder, own: ProcessIdentity): boolean {
  if (holder.released === true) return false;
  return isRunning(holder, own) ?? beats(lockPath(folder, number));
}

/** Compares with itself and not with this machine's clock, which may differ from the holder's. */
function beats(path: string): boolean {
  const first = touchedAt(path);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < SILENCE_MS; waited += LOOK_MS) {
    Atomics.wait(sleeper, 0, 0, LOOK_MS);
    if (touchedAt(path) !== first) return true;
  }
  return false;
}

const touchedAt = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

/** False when another was faster. The file appears whole, for it is written under another name first. */
function create(folder: string, number: number, holder: Holder): boolean {
  const draft = writeDraft(folder, holder);
  try {
    linkSync(draft, lockPath(folder, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function replace(folder: string, path: string, holder: Holder): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
  renameSync(writeDraft(folder, holder), path);
}

function writeDraft(folder: string, holder: Holder): string {
  const draft = join(folder, `engine.draft.${process.pid}.${randomBytes(6).toString('hex')}`);
  writeFileSync(draft, JSON.stringify(holder));
  return draft;
}

import { mkdirSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LogUnavailableError } from '../../projections/ports.ts';

type Key = string | number | [string, number] | [number, number];

/** Address space alone: neither memory nor disk is taken until there is data. */
const MAP_BYTES = 2 ** 40;
const ENOSPC = 28;
const EIO = 5;
const EDQUOT = 122;
const MAP_FULL = -30792;
/** With less free than this a write that was cut short is taken for the end of the disk. */
const NEARLY_FULL = 16 * 1024 * 1024;
const MAPPED_BYTES = 32 * 1024 * 1024;
const PROBE_BYTES = 256 * 1024;

/** One LMDB environment in a folder of its own, in which every write is on disk before it counts. */
export abstract class Environment {
  readonly file: string;
  /** While it is opened anew nothing can be read. */
  private reopening: Promise<void> | undefined;
  private readonly folder: string;
  private root: RootDatabase<Buffer, string>;
  private lastWrite: Promise<unknown> = Promise.resolve();
  private failing = false;
  /** Why nothing can be read any more. */
  private fault: LogUnavailableError | undefined;
  private readBytes = 0;
  private readonly mappedBytes: number;

  constructor(folder: string, mappedBytes: number = MAPPED_BYTES) {
    this.mappedBytes = mappedBytes;
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.file = join(folder, 'data.mdb');
    this.root = openRoot(folder);
  }

  /** Called again whenever the environment was opened anew. */
  protected abstract openTables(): void;

  protected table<K extends Key>(name: string): Database<Buffer, K> {
    return this.root.openDB<Buffer, K>({ name, encoding: 'binary', cache: false });
  }

  /** Undefined when the environment can be read, in this turn of the event loop and as long as nothing is awaited. */
  get unreadable(): Promise<void> | undefined {
    if (this.fault !== undefined) throw this.fault;
    return this.reopening;
  }

  /**
   * The system counts a mapped file's pages as the process's own until the mapping goes, and whoever reads the
   * whole log would seem to hold all of it. After so many bytes the file is therefore mapped anew.
   */
  countRead(bytes: number): void {
    this.readBytes += bytes;
    if (this.readBytes < this.mappedBytes) return;
    this.readBytes = 0;
    this.lastWrite = this.lastWrite.then(async () => {
      this.reopening = this.reopen();
      await this.reopening;
    });
  }

  private async reopen(): Promise<void> {
    try {
      await this.root.close();
      this.root = openRoot(this.folder);
      this.openTables();
    } catch (cause) {
      const text = `${this.file} could not be opened again: ${cause instanceof Error ? cause.message : cause}`;
      this.fault = new LogUnavailableError('failed', text, { cause });
    }
    this.reopening = undefined;
  }

  /** Everything that `change` puts is on disk when this resolves, or nothing of it ever will be. */
  commit(change: () => void): Promise<void> {
    const written = this.lastWrite.then(() => this.transact(change));
    this.lastWrite = written.catch(() => undefined);
    return written;
  }

  private async transact(change: () => void): Promise<void> {
    try {
      await this.root.batch(change);
      this.failing = false;
    } catch (error) {
      this.failing = true;
      throw await this.explain(error);
    }
  }

  private async explain(error: unknown): Promise<LogUnavailableError> {
    const cause = await causeOf(error);
    const { code } = cause as { code?: unknown };
    if (
      code === ENOSPC ||
      code === EDQUOT ||
      code === MAP_FULL ||
      (code === EIO && (await this.isNearlyFull()))
    ) {
      const message = `The disk is full: ${this.folder} takes nothing more until there is room again.`;
      return new LogUnavailableError('disk_full', message, { cause });
    }
    const text = cause instanceof Error ? cause.message : String(cause);
    return new LogUnavailableError('failed', `${this.file} could not be written: ${text}`, { cause });
  }

  private async isNearlyFull(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize < NEARLY_FULL;
  }

  /** Throws when a write cannot be made now; only after a failed one is that worth trying. */
  async probe(): Promise<void> {
    if (!this.failing) return;
    await this.commit(() => this.root.put('probe', Buffer.alloc(PROBE_BYTES)));
    await this.commit(() => this.root.remove('probe'));
  }

  async bytes(): Promise<number> {
    return (await stat(this.file)).size;
  }

  async close(): Promise<void> {
    await this.lastWrite;
    this.fault = new LogUnavailableError('closed', `${this.file} has been closed.`);
    await this.root.close();
  }
}

function openRoot(folder: string): RootDatabase<Buffer, string> {
  return open({
    path: folder,
    noSubdir: false,
    // Without overlapping a commit is resolved after its pages and its root are both flushed.
    overlappingSync: false,
    // Its own promise for a whole turn of the event loop is out of reach, and a failed one would end the process.
    eventTurnBatching: false,
    mapSize: MAP_BYTES,
    maxDbs: 16,
    encoding: 'binary',
    cache: false,
  });
}

/** The writing thread tells why it failed a moment after it tells that it failed. */
function causeOf(error: unknown): Promise<unknown> {
  const pending = (error as { commitError?: Promise<unknown> }).commitError;
  if (pending === undefined) return Promise.resolve(error);
  return pending.then(
    () => error,
    (cause: unknown) => cause,
  );
}

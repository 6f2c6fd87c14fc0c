import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { packedPast, plainPast, type ReadPast } from '../adapters/backtestThread/past.ts';
import type { dataPaths } from '../adapters/dataFolder.ts';
import { openEventStoreCheckpoints } from '../adapters/eventstore/checkpoints.ts';
import { openEventStoreLog } from '../adapters/eventstore/eventLog.ts';
import { openEventStoreLeases } from '../adapters/eventstore/leases.ts';
import { openLmdbCheckpoints } from '../adapters/lmdb/checkpoints.ts';
import { type LmdbLog, openLmdbLog } from '../adapters/lmdb/eventLog.ts';
import { soleLeases } from '../adapters/memory/leases.ts';
import type { Config } from '../config.ts';
import type { CheckpointStore, EventLog, Leases } from '../projections/ports.ts';

export interface Stores {
  log: EventLog;
  /** The same log, when it is the embedded one, whose blocks threads can be handed as they are. */
  lmdb?: LmdbLog;
  /** Where the projections stand; as far away as the read models are. */
  checkpoints: CheckpointStore;
  leases: Leases;
  /** Reached by all processes; undefined when there is one alone. */
  shared?: CheckpointStore;
  readPast: ReadPast;
}

export interface StoringDeps {
  config: Pick<Config, 'log' | 'read'>;
  paths: ReturnType<typeof dataPaths>;
  clock: () => number;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** The part of the wiring that keeps: the log, and what is noted beside it. */
export async function openStores(deps: StoringDeps): Promise<Stores> {
  const { config, paths, clock, cleanups } = deps;
  if (config.log.kind === 'eventstore') return await openServer(config.log.url.reveal(), deps);
  const lmdb = await openLmdbLog({ path: paths.log, clock });
  cleanups.push(() => lmdb.close());
  const checkpoints = await openFolderCheckpoints(deps);
  return { log: lmdb, lmdb, checkpoints, leases: soleLeases, readPast: packedPast(lmdb) };
}

async function openServer(url: string, deps: StoringDeps): Promise<Stores> {
  const { config, clock, cleanups } = deps;
  const log = await openEventStoreLog({ url });
  cleanups.push(() => log.close());
  const { connection } = log;
  const shared = openEventStoreCheckpoints({ connection });
  // Read models within this process are its own, and so is how far they are.
  const checkpoints = config.read.kind === 'chdb' ? await openFolderCheckpoints(deps) : shared;
  const holder = `${hostname()}-${process.pid}-${randomUUID()}`;
  const leases = openEventStoreLeases({ connection, holder, clock });
  return { log, checkpoints, leases, shared, readPast: plainPast(log) };
}

async function openFolderCheckpoints({ paths, cleanups }: StoringDeps): Promise<CheckpointStore> {
  const checkpoints = await openLmdbCheckpoints({ path: paths.checkpoints });
  cleanups.push(() => checkpoints.close());
  return checkpoints;
}

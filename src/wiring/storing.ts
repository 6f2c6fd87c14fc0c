import { packedPast, type ReadPast } from '../adapters/backtestThread/past.ts';
import type { dataPaths } from '../adapters/dataFolder.ts';
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
  config: Config;
  paths: ReturnType<typeof dataPaths>;
  clock: () => number;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** The part of the wiring that keeps: the log, and what is noted beside it. */
export async function openStores(deps: StoringDeps): Promise<Stores> {
  const { paths, clock, cleanups } = deps;
  const lmdb = await openLmdbLog({ path: paths.log, clock });
  cleanups.push(() => lmdb.close());
  const checkpoints = await openLmdbCheckpoints({ path: paths.checkpoints });
  cleanups.push(() => checkpoints.close());
  return { log: lmdb, lmdb, checkpoints, leases: soleLeases, readPast: packedPast(lmdb) };
}

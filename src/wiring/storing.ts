import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { packedPast, plainPast, type ReadPast } from '../adapters/backtestThread/past.ts';
import { type dataPaths, nameOfFolder } from '../adapters/dataFolder.ts';
import { openEventStoreCheckpoints } from '../adapters/eventstore/checkpoints.ts';
import { openEventStoreLog } from '../adapters/eventstore/eventLog.ts';
import { openEventStoreLeases } from '../adapters/eventstore/leases.ts';
import { openEventStoreSnapshots } from '../adapters/eventstore/snapshots.ts';
import { openLmdbCheckpoints } from '../adapters/lmdb/checkpoints.ts';
import { type LmdbLog, openLmdbLog } from '../adapters/lmdb/eventLog.ts';
import { soleLeases } from '../adapters/memory/leases.ts';
import { snapshotFile } from '../adapters/snapshotFile.ts';
import type { Config } from '../config.ts';
import type { SnapshotStore } from '../projections/alerts/ports.ts';
import type { CheckpointStore, EventLog, Leases } from '../projections/ports.ts';

export interface Stores {
  log: EventLog;
  /** The same log, when it is the embedded one, whose blocks threads can be handed as they are. */
  lmdb?: LmdbLog;
  /** Where the projections stand; as far away as the read models are. */
  checkpoints: CheckpointStore;
  /** The same for those who only look: whoever loads from the other one says that it goes on from there. */
  glance: Pick<CheckpointStore, 'load'>;
  /** How those call themselves together who read the feed for read models of this name. */
  readersName: (database: string) => Promise<string>;
  leases: Leases;
  /** Where followers of the log keep what they have worked out: whoever takes their work over has to find it. */
  snapshots: Record<'alerts' | 'notifications', SnapshotStore>;
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
  const readersName = namesOfFolder(paths.readersName);
  const snapshots = {
    alerts: snapshotFile(paths.alertSnapshot),
    notifications: snapshotFile(paths.notifierSnapshot),
  };
  const common = { checkpoints, glance: checkpoints, readersName, leases: soleLeases, snapshots };
  return { ...common, log: lmdb, lmdb, readPast: packedPast(lmdb) };
}

async function openServer(url: string, deps: StoringDeps): Promise<Stores> {
  const { config, clock, cleanups } = deps;
  const log = await openEventStoreLog({ url });
  cleanups.push(() => log.close());
  const { connection } = log;
  const shared = openEventStoreCheckpoints({ connection });
  const holder = `${hostname()}-${process.pid}-${randomUUID()}`;
  const leases = openEventStoreLeases({ connection, holder, clock });
  const snapshots = {
    alerts: openEventStoreSnapshots({ connection, name: 'alerts' }),
    notifications: openEventStoreSnapshots({ connection, name: 'notifications' }),
  };
  const common = { log, leases, shared, snapshots, readPast: plainPast(log) };
  if (config.read.kind === 'chdb') {
    // Read models within this process are its own, and so is how far they are.
    const checkpoints = await openFolderCheckpoints(deps);
    const readersName = namesOfFolder(deps.paths.readersName);
    return { ...common, checkpoints, glance: checkpoints, readersName };
  }
  const { database } = config.read;
  const open = () => namedFor(database, openEventStoreCheckpoints({ connection }));
  return {
    ...common,
    checkpoints: open(),
    glance: open(),
    readersName: async (name) => `chronoscope-${name}`,
  };
}

/** Nobody else fills the read models of this folder: its reading is no other's. */
const namesOfFolder =
  (path: string): Stores['readersName'] =>
  async (database) =>
    `chronoscope-${database}-${await nameOfFolder(path)}`;

async function openFolderCheckpoints({ paths, cleanups }: StoringDeps): Promise<CheckpointStore> {
  const checkpoints = await openLmdbCheckpoints({ path: paths.checkpoints });
  cleanups.push(() => checkpoints.close());
  return checkpoints;
}

/** Two sets of read models beside each other have come to different places. */
const namedFor = (database: string, store: CheckpointStore): CheckpointStore => ({
  load: (name) => store.load(`${database}/${name}`),
  save: (name, checkpoint) => store.save(`${database}/${name}`, checkpoint),
  remove: (name) => store.remove(`${database}/${name}`),
  list: async () => {
    const all = await store.list();
    const start = `${database}/`;
    return all.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  },
});

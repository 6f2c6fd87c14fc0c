import { openProjectionThread } from '../adapters/projectionThread/projector.ts';
import { type OpenReadStore, openReadStore } from '../adapters/readStore.ts';
import { timedStore } from '../api/observed.ts';
import type { ReadStore } from '../projections/ports.ts';
import { createRunner, type RunnerDeps } from '../projections/runner.ts';
import { openLaneProjecting } from './laneProjecting.ts';
import { followVersions, type Projecting, type ProjectingDeps, runnerDeps } from './projectingParts.ts';
import { openServerProjecting } from './serverProjecting.ts';
import type { Stores } from './storing.ts';

export interface ReadModels extends Projecting {
  read: OpenReadStore;
  /** The same store, with its queries timed. */
  store: ReadStore;
}

/** The part of the wiring that read models have for themselves: their store, and what keeps them up with the log. */
export async function openProjecting(deps: ProjectingDeps): Promise<ReadModels | undefined> {
  const { config, paths, metrics, cleanups } = deps;
  if (!config.roles.includes('project') && !config.roles.includes('api')) return undefined;
  const read = await openReadStore(
    config.read.kind === 'chdb'
      ? { ...config.read, path: paths.read }
      : { kind: 'clickhouse', url: config.read.url.reveal(), cluster: config.read.cluster },
  );
  cleanups.push(() => read.close());
  const store = timedStore(read.store, (seconds) => metrics.querySeconds.observe({ kind: 'read' }, seconds));
  const projecting = await openFor(deps, store);
  const checks = [{ name: 'read_store', check: () => store.ping() }, ...projecting.checks];
  return { ...projecting, read, store, checks };
}

function openFor(deps: ProjectingDeps, store: ReadStore): Promise<Projecting> {
  const { feed, read } = deps.config;
  if (feed.kind === 'kafka') return openLaneProjecting(deps, store, feed);
  return read.kind === 'chdb' ? openEmbedded(deps, store) : openServerProjecting(deps, store);
}

/** All of it within this process, and nobody else's. */
async function openEmbedded(deps: ProjectingDeps, store: ReadStore): Promise<Projecting> {
  const { stores, cleanups } = deps;
  const runner = await createRunner({ ...runnerDeps(deps, store), ...projectorOf(stores, cleanups) });
  cleanups.push(() => runner.stop());
  const start = async () => {
    runner.start();
    cleanups.push(followVersions(deps, runner));
  };
  return { readers: runner, builder: () => runner, checks: [], start };
}

/** The embedded log hands its blocks to a thread; any other is projected in this one. */
function projectorOf({ lmdb }: Stores, cleanups: (() => unknown)[]): Pick<RunnerDeps, 'projector'> {
  if (lmdb === undefined) return {};
  const projector = openProjectionThread({
    entry: new URL('../projectionThread.js', import.meta.url),
    readPacked: lmdb.readPacked,
    file: lmdb.file,
  });
  cleanups.push(() => projector.close());
  return { projector };
}

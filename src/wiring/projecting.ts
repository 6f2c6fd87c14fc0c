import type { Logger } from 'pino';
import type { dataPaths } from '../adapters/dataFolder.ts';
import { openProjectionThread } from '../adapters/projectionThread/projector.ts';
import { type OpenReadStore, openReadStore } from '../adapters/readStore.ts';
import type { Metrics } from '../api/http/metrics.ts';
import { buildNewVersions, type Jobs } from '../api/jobs.ts';
import { timedStore } from '../api/observed.ts';
import type { ReadinessCheck } from '../api/ports.ts';
import type { Config } from '../config.ts';
import { projections } from '../projections/catalogue.ts';
import type { ReadStore } from '../projections/ports.ts';
import { createRunner, type Runner, type RunnerDeps } from '../projections/runner.ts';
import { defaultProjectionSettings } from '../projections/settings.ts';
import { projectionObserver } from './observing.ts';
import type { Stores } from './storing.ts';

export interface ProjectingDeps {
  config: Config;
  paths: ReturnType<typeof dataPaths>;
  stores: Stores;
  jobs: Jobs;
  metrics: Metrics;
  logger: Logger;
  clock: () => number;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

export interface ReadModels {
  read: OpenReadStore;
  /** The same store, with its queries timed. */
  store: ReadStore;
  /** What readers ask of those that keep the read models up. */
  readers: Pick<Runner, 'tracked' | 'reached' | 'standings'>;
  /** What builds them as a whole; undefined while that is done elsewhere, or by lanes. */
  builder: () => Runner | undefined;
  checks: readonly ReadinessCheck[];
  start(): Promise<void>;
}

/** The part of the wiring that read models have for themselves: their store, and what keeps them up with the log. */
export async function openProjecting(deps: ProjectingDeps): Promise<ReadModels | undefined> {
  const { config, paths, stores, jobs, metrics, logger, clock, cleanups } = deps;
  const read = await openReadStore(
    config.read.kind === 'chdb'
      ? { ...config.read, path: paths.read }
      : { kind: 'clickhouse', url: config.read.url.reveal() },
  );
  cleanups.push(() => read.close());
  const store = timedStore(read.store, (seconds) => metrics.querySeconds.observe({ kind: 'read' }, seconds));
  const runner = await createRunner({
    feed: stores.log,
    ...projectorOf(stores, cleanups),
    store,
    checkpoints: stores.checkpoints,
    projections,
    clock,
    settings: { ...defaultProjectionSettings, retentionDays: config.retentionDays },
    observer: projectionObserver(metrics, logger),
  });
  cleanups.push(() => runner.stop());

  async function start(): Promise<void> {
    runner.start();
    const newVersions = buildNewVersions({
      jobs,
      runner,
      log: stores.log,
      onFailed: (projection, reason, retryInMs) =>
        logger.error(
          { projection, reason, retryInMs },
          'a new version could not be built; it will be tried again',
        ),
    });
    cleanups.push(() => newVersions.stop());
  }

  const checks = [{ name: 'read_store', check: () => store.ping() }];
  return { read, store, readers: runner, builder: () => runner, checks, start };
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

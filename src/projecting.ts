import type { Logger } from 'pino';
import type { LmdbCheckpoints } from './adapters/lmdb/checkpoints.ts';
import type { LmdbLog } from './adapters/lmdb/eventLog.ts';
import { openProjectionThread } from './adapters/projectionThread/projector.ts';
import type { Metrics } from './api/http/metrics.ts';
import type { Config } from './config.ts';
import { projections } from './projections/catalogue.ts';
import type { ReadStore } from './projections/ports.ts';
import { createRunner, type Runner } from './projections/runner.ts';
import { defaultProjectionSettings } from './projections/settings.ts';

export interface ProjectingDeps {
  config: Config;
  log: LmdbLog;
  checkpoints: LmdbCheckpoints;
  store: ReadStore;
  metrics: Metrics;
  logger: Logger;
  clock: () => number;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** The part of the wiring that projections have for themselves: their thread, and what keeps them up. */
export async function openProjecting(deps: ProjectingDeps): Promise<Runner> {
  const { config, log, checkpoints, store, metrics, logger, clock, cleanups } = deps;
  const projector = openProjectionThread({
    entry: new URL('./projectionThread.js', import.meta.url),
    readPacked: log.readPacked,
    file: log.file,
  });
  cleanups.push(() => projector.close());
  const runner = await createRunner({
    feed: log,
    projector,
    store,
    checkpoints,
    projections,
    clock,
    settings: { ...defaultProjectionSettings, retentionDays: config.retentionDays },
    observer: {
      inserted: (projection, _rows, seconds) => metrics.projectionSeconds.observe({ projection }, seconds),
      failed(projection, error, retryInMs) {
        metrics.projectionFailures.inc({ projection });
        logger.error(
          { err: error, projection, retryInMs },
          'a projection could not insert; it will be tried again',
        );
      },
      unprojectable(failure) {
        metrics.dropped.inc();
        logger.error(failure, 'an event could not be projected');
      },
    },
  });
  cleanups.push(() => runner.stop());
  return runner;
}

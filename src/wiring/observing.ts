import type { Logger } from 'pino';
import type { Metrics } from '../api/http/metrics.ts';
import type { ReadinessCheck } from '../api/ports.ts';
import type { Config } from '../config.ts';
import type { StandBy, StandByObserver } from '../projections/standBy.ts';
import type { ProjectionObserver } from '../projections/worker.ts';

/** What happens in the background, as the engine's own log and figures tell it. */

/** Where there are others, it is of interest which of them is at work. */
export const standByObserver = (logger: Logger, isAlone: boolean): StandByObserver => ({
  turned: (work, leads) =>
    logger[isAlone ? 'debug' : 'info'](
      { work },
      leads ? 'this process is at work' : 'this process leaves the work to others',
    ),
  failed: (work, error) => logger.error({ err: error, work }, 'work could not be taken up, or kept'),
});

/**
 * Whether this process could take its work up when it is its turn. Whoever is asked by others besides goes on to be: what
 * it answers them does not hang on it.
 */
export const workCheck = (
  { roles }: Pick<Config, 'roles'>,
  name: string,
  { check }: Pick<StandBy, 'check'>,
): ReadinessCheck => ({ name, check, optional: roles.includes('ingest') || roles.includes('api') });

export const projectionObserver = (metrics: Metrics, logger: Logger): ProjectionObserver => ({
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
});

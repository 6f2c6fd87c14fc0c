import type { Logger } from 'pino';
import type { Metrics } from '../api/http/metrics.ts';
import type { StandByObserver } from '../projections/standBy.ts';
import type { ProjectionObserver } from '../projections/worker.ts';

/** What happens in the background, as the engine's own log and figures tell it. */

export const standByObserver = (logger: Logger): StandByObserver => ({
  turned: (work, leads) =>
    logger[leads ? 'info' : 'warn']({ work }, leads ? 'this process is at work' : 'this process stands by'),
  failed: (work, error) => logger.error({ err: error, work }, 'work could not be taken up, or kept'),
});

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

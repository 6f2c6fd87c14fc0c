import type { Projection } from './projection.ts';
import { failures } from './readModels/failures.ts';
import { deploys, feedback, health, jobs, logs, metrics, rateLimits, spans } from './readModels/rawEvents.ts';
import { requests } from './readModels/requests.ts';
import { timeline } from './readModels/timeline.ts';

/** Every read model of the engine. */
export const projections: readonly Projection[] = [
  requests,
  failures,
  logs,
  spans,
  metrics,
  deploys,
  jobs,
  health,
  rateLimits,
  feedback,
  timeline,
];

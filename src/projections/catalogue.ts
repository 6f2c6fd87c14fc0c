import { combinedViews } from './combinedViews.ts';
import type { Projection } from './projection.ts';
import { failures } from './readModels/failures.ts';
import { deploys, feedback, health, jobs, logs, metrics, rateLimits, spans } from './readModels/rawEvents.ts';
import { requests } from './readModels/requests.ts';

/** Every read model of the engine that has tables. */
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
];

/** All that analysts see. */
export const publicViews: readonly string[] = [
  ...projections.flatMap((projection) => projection.views.map(({ name }) => name)),
  ...combinedViews.map(({ name }) => name),
];

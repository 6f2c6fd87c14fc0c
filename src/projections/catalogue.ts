import { combinedViews } from './combinedViews.ts';
import type { Projection } from './projection.ts';
import { alertSteps } from './readModels/alerts.ts';
import { failures } from './readModels/failures.ts';
import { notifications } from './readModels/notifications.ts';
import { deploys, feedback, health, jobs, logs, metrics, rateLimits, spans } from './readModels/rawEvents.ts';
import { requests } from './readModels/requests.ts';
import { silences } from './readModels/silences.ts';

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
  alertSteps,
  notifications,
  silences,
];

/** All that analysts see. */
export const publicViews: readonly string[] = [
  ...projections.flatMap((projection) => projection.views.map(({ name }) => name)),
  ...combinedViews.map(({ name }) => name),
];

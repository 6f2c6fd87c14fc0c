import type { EventLog, ReadStore } from '../../../projections/ports.ts';
import { presentTables } from '../../../projections/queries/presentTables.ts';
import { createReader } from '../../../projections/queries/reader.ts';
import type { Standings } from '../../../projections/standings.ts';
import type { ReadinessCheck } from '../../ports.ts';
import { createReadiness } from '../../readiness.ts';
import type { AppInstance } from '../server.ts';
import { errorRoutes } from './errors.ts';
import { figureRoutes } from './figures.ts';
import { requestEventRoutes } from './requestEvents.ts';
import { searchRoutes } from './searches.ts';
import { type StandingDeps, standingRoutes } from './standing.ts';

export interface ReadsDeps {
  store: Pick<ReadStore, 'query' | 'layout'>;
  log: Pick<EventLog, 'head' | 'readByTime' | 'readStream' | 'compare' | 'distance' | 'parsePosition'>;
  runner: Standings;
  clock: () => number;
  /** What the engine stands on. */
  checks: readonly ReadinessCheck[];
  version: string;
  /** Epoch milliseconds. */
  startedAt: number;
  /** A read that takes longer is answered as if the store were away. */
  timeoutMs?: number;
  followers?: StandingDeps['followers'];
}

/** A status that keeps people waiting says too little, too late. */
const statusWithinMs = 300;

/** Every read of the contract that is answered from the log and the read models. */
export function readRoutes(app: AppInstance, deps: ReadsDeps): void {
  const { store } = deps;
  const tableName = presentTables(deps.runner, store.layout);
  const reader = createReader({
    store,
    tableName,
    ...(deps.timeoutMs === undefined ? {} : { timeoutMs: deps.timeoutMs }),
  });
  const withReader = { ...deps, reader };
  const readiness = createReadiness({
    checks: deps.checks,
    clock: () => performance.now(),
    timeoutMs: statusWithinMs,
  });
  const statusReader = createReader({ store, tableName, timeoutMs: statusWithinMs });
  standingRoutes(app, { ...deps, readiness, reader: statusReader });
  figureRoutes(app, withReader);
  errorRoutes(app, withReader);
  searchRoutes(app, withReader);
  requestEventRoutes(app, deps);
}

import type { Logger } from 'pino';
import { arrangeAnalysts } from '../adapters/clickhouse/analystAccounts.ts';
import type { dataPaths } from '../adapters/dataFolder.ts';
import type { Metrics } from '../api/http/metrics.ts';
import { buildNewVersions, type Jobs } from '../api/jobs.ts';
import type { ReadinessCheck } from '../api/ports.ts';
import type { Config } from '../config.ts';
import { projections, publicViews } from '../projections/catalogue.ts';
import type { ReadStore } from '../projections/ports.ts';
import type { Runner, RunnerDeps } from '../projections/runner.ts';
import { defaultProjectionSettings } from '../projections/settings.ts';
import type { StandByObserver } from '../projections/standBy.ts';
import type { Standings } from '../projections/standings.ts';
import { waitForStore } from '../projections/waitForStore.ts';
import { projectionObserver } from './observing.ts';
import { analystLimits } from './sqlDoor.ts';
import type { Stores } from './storing.ts';

/** What all ways of keeping read models up have in common. */

export interface ProjectingDeps {
  config: Config;
  paths: ReturnType<typeof dataPaths>;
  stores: Stores;
  jobs: Jobs;
  metrics: Metrics;
  logger: Logger;
  observer: StandByObserver;
  clock: () => number;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** What keeps the read models up, or knows how far others have come with it. */
export interface Projecting {
  /** What readers ask of those that keep the read models up. */
  readers: Standings;
  /** What builds them as a whole; undefined while that is done elsewhere, or by lanes. */
  builder: () => Runner | undefined;
  /** Events that wait, by lane; of a feed in lanes alone. */
  lanes?: () => Promise<readonly { lane: number; lagEvents: number }[]>;
  checks: readonly ReadinessCheck[];
  start(): Promise<void>;
}

export const runnerDeps = (
  { config, stores, metrics, logger, clock }: ProjectingDeps,
  store: ReadStore,
): RunnerDeps => ({
  feed: stores.log,
  store,
  checkpoints: stores.checkpoints,
  projections,
  clock,
  settings: { ...defaultProjectionSettings, retentionDays: config.retentionDays },
  observer: projectionObserver(metrics, logger),
});

/** Read models whose version was raised are built anew; gives back what ends that. */
export function followVersions(
  { jobs, stores, logger }: ProjectingDeps,
  runner: Runner,
): () => Promise<void> {
  const building = buildNewVersions({
    jobs,
    runner,
    log: stores.log,
    onFailed: (projection, reason, retryInMs) =>
      logger.error(
        { projection, reason, retryInMs },
        'a new version could not be built; it will be tried again',
      ),
  });
  return () => building.stop();
}

/** What is here knows more than what is told of it elsewhere. */
export function whicheverIs(here: () => Standings | undefined, elsewhere: Standings): Standings {
  const present = () => here() ?? elsewhere;
  return {
    get tracked() {
      return present().tracked;
    },
    standings: () => present().standings(),
    reached: (position, timeoutMs) => present().reached(position, timeoutMs),
  };
}

/** Throws when `signal` ends the wait. */
export async function storeAnswers(
  { logger }: ProjectingDeps,
  store: ReadStore,
  signal: AbortSignal,
): Promise<void> {
  const onWaiting = (error: unknown, retryInMs: number) =>
    logger.warn({ err: error, retryInMs }, 'the read store does not answer; it is waited for');
  if (!(await waitForStore(store, { signal, onWaiting }))) throw new Error('stopped while waiting');
}

/** So many threads one query of an analyst may take of a server. */
const analystThreads = 4;

/** On a server, those who ask in SQL have accounts there; without the right to make them all else goes on. */
export async function admitAnalysts({ config, logger }: ProjectingDeps, store: ReadStore): Promise<void> {
  const { read, sql } = config;
  if (read.kind !== 'clickhouse') return;
  const limits = { ...analystLimits(sql), threads: analystThreads };
  const outcome = await arrangeAnalysts(store, { accounts: read.analysts, views: publicViews, limits });
  if (outcome.kind === 'refused') logger.error({ reason: outcome.reason }, 'analysts have no accounts');
}

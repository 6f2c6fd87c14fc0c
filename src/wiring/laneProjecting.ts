import type { ReadinessCheck } from '../api/ports.ts';
import { pause } from '../projections/batchWindow.ts';
import { projections } from '../projections/catalogue.ts';
import { createLaneRunner, type LaneRunner, type LaneRunnerObserver } from '../projections/lanes/runner.ts';
import { defaultLaneSettings } from '../projections/lanes/settings.ts';
import { createRemoteStandings } from '../projections/lanes/standings.ts';
import type { ReadStore } from '../projections/ports.ts';
import { type Feed, type OpenedGroup, openFeedGroup } from './feeding.ts';
import { projectionObserver } from './observing.ts';
import {
  admitAnalysts,
  type Projecting,
  type ProjectingDeps,
  storeAnswers,
  whicheverIs,
} from './projectingParts.ts';

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/** Read models that are kept up by lanes, which all processes with the role share; seen by all. */
export async function openLaneProjecting(
  deps: ProjectingDeps,
  store: ReadStore,
  feed: Feed,
): Promise<Projecting> {
  const { config, stores, logger, clock, cleanups } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  let runner: LaneRunner | undefined;
  let group: OpenedGroup | undefined;

  async function open(): Promise<void> {
    await storeAnswers(deps, store, signal);
    const name = await stores.readersName(store.layout.database);
    group = await openFeedGroup(feed, name, logger);
    const opened = await createLaneRunner({
      ...group,
      log: stores.log,
      store,
      checkpoints: stores.checkpoints,
      projections,
      settings: { ...defaultLaneSettings, retentionDays: config.retentionDays },
      clock,
      observer: laneObserver(deps),
    });
    await admitAnalysts(deps, store);
    signal.throwIfAborted();
    await opened.start();
    runner = opened;
  }

  async function close(): Promise<void> {
    await runner?.stop();
    runner = undefined;
    await group?.close();
    group = undefined;
  }

  /** Stores and brokers that are away do not keep this process from coming up and saying so. */
  async function openInTime(): Promise<void> {
    let retryMs = firstRetryMs;
    while (!signal.aborted && runner === undefined) {
      try {
        await open();
      } catch (error) {
        await close();
        if (signal.aborted) return;
        logger.error({ err: error, retryInMs: retryMs }, 'projecting could not be taken up');
        await pause(retryMs, signal);
        retryMs = Math.min(2 * retryMs, longestRetryMs);
      }
    }
  }

  async function start(): Promise<void> {
    const opening = openInTime();
    cleanups.push(async () => {
      stopping.abort();
      await opening;
      await close();
    });
    // An engine that has everything in this process is not up before its read models are.
    if (config.read.kind === 'chdb') await opening;
  }

  async function checkFeed(): Promise<void> {
    if (runner === undefined) throw new Error('projecting has not been taken up yet');
    await group?.group.ping();
  }

  const projects = config.roles.includes('project');
  const { log, glance } = stores;
  const remote = createRemoteStandings({ checkpoints: glance, log, projections, lanes: feed.lanes, clock });
  const checks: ReadinessCheck[] = projects ? [{ name: 'feed', check: checkFeed }] : [];
  return {
    readers: whicheverIs(() => runner, remote),
    builder: () => undefined,
    lanes: async () => (await runner?.lanes()) ?? [],
    checks,
    start: projects ? start : async () => undefined,
  };
}

const laneObserver = ({ metrics, logger }: ProjectingDeps): LaneRunnerObserver => ({
  ...projectionObserver(metrics, logger),
  laneMoved: (lane, isOurs) =>
    logger.info({ lane }, isOurs ? 'a lane has come to this process' : 'a lane has gone from this process'),
  laneTaken: (lane) => logger.warn({ lane }, 'another process has gone on with a lane of this one'),
  laneFailed: (lane, error, retryInMs) =>
    logger.error({ err: error, lane, retryInMs }, 'a lane does not get on'),
  groupFailed: (error) => logger.error({ err: error }, 'the feed does not give this process its lanes'),
});

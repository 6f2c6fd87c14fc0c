import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { openBacktester } from './adapters/backtestThread/backtester.ts';
import { announce, dataPaths, makeDataFolder, pseudonymHash } from './adapters/dataFolder.ts';
import { lockFolder } from './adapters/folderLock.ts';
import { openLimits } from './adapters/limitStore.ts';
import { createAlertCommands } from './api/alertCommands.ts';
import { healthRoutes, type LifeState } from './api/http/health.ts';
import { createLimiter } from './api/http/limits.ts';
import { createMetrics, metricsRoutes, registerGauges } from './api/http/metrics.ts';
import { closeServer, createServer } from './api/http/server.ts';
import { createIngest } from './api/ingest.ts';
import { createJobs } from './api/jobs.ts';
import { createKeyring } from './api/keyring.ts';
import { countedAppend, countTraffic, timedAppend } from './api/observed.ts';
import type { ReadinessCheck } from './api/ports.ts';
import { createReadiness } from './api/readiness.ts';
import { type Config, isWhole } from './config.ts';
import { createRedactor } from './domain/redaction/redactor.ts';
import { createUuidV7Factory } from './domain/uuid.ts';
import { scheduleHousekeeping } from './projections/retention.ts';
import { shareFeed } from './projections/sharedFeed.ts';
import { openAlerting } from './wiring/alerting.ts';
import { openDoors } from './wiring/doors.ts';
import { drain } from './wiring/drain.ts';
import { openFeedWriter } from './wiring/feeding.ts';
import { standByObserver } from './wiring/observing.ts';
import { openProjecting } from './wiring/projecting.ts';
import { openRelaying } from './wiring/relaying.ts';
import { openSqlDoor } from './wiring/sqlDoor.ts';
import { openStores } from './wiring/storing.ts';

export interface Overrides {
  logger: Logger;
  version?: string;
  clock?: () => number;
  /** For one command, beside the processes that share the log, and without settings such as their rules. */
  isVisit?: boolean;
}

export interface Started {
  address: string;
  sqlAddress?: string;
  alerts: { rules: number; source: string; channels: readonly string[] };
  firstAdminKey?: string;
}

export type App = Awaited<ReturnType<typeof createApp>>;

/** Builds the whole engine; nothing listens before `start`. What was acquired is given back in reverse by `stop`. */
export async function createApp(config: Config, overrides: Overrides) {
  const { logger, version = '0.0.0', clock = Date.now, isVisit = false } = overrides;
  const cleanups: (() => unknown)[] = [];
  const startedAt = clock();
  let state: LifeState = 'starting';
  let stopping: Promise<void> | undefined;
  const stop = () => {
    state = 'stopping';
    stopping ??= drain(cleanups, logger);
    return stopping;
  };

  try {
    for (const warning of config.warnings) logger.warn(warning);
    const paths = dataPaths(config.dataFolder);
    await makeDataFolder(config.dataFolder);
    const lock = await lockFolder(config.dataFolder);
    cleanups.push(() => lock.release());

    const stores = await openStores({ config, paths, clock, cleanups });
    const { log } = stores;
    const metrics = createMetrics();
    const newId = createUuidV7Factory({ now: clock, randomBytes });
    const adminKey = config.adminKey?.reveal();
    const keyring = await createKeyring({
      log,
      clock,
      random: randomBytes,
      newId,
      ...(adminKey !== undefined && { adminKey }),
      onError: (error) => logger.warn({ err: error }, 'keys could not be read'),
    });
    cleanups.push(() => keyring.close());

    const jobs = createJobs({ clock, newId });
    const observer = standByObserver(logger, stores.shared === undefined);
    const readModels = await openProjecting({
      ...{ config, paths, stores, jobs, metrics, logger, observer, clock, cleanups },
    });
    cleanups.push(() => jobs.close());

    const redactor = createRedactor({
      kinds: config.redaction.kinds,
      extraKeys: config.redaction.extraKeys,
      keyedHash: await pseudonymHash(paths.pseudonymKey, config.pseudonymKey?.reveal()),
    });
    const { redactText } = redactor;
    const append = timedAppend(log.append, (seconds) => metrics.ingestSeconds.observe(seconds));
    const ingest = createIngest({
      log: { append: isWhole(config) ? append : countedAppend(append, metrics.traffic) },
      redact: redactor.redactEvent,
      newId,
      clock,
    });
    cleanups.push(() => ingest.drain());

    const followed = { ...log, ...shareFeed(log) };
    const { leases } = stores;
    const alerting = await openAlerting({
      ...{ config, stores, metrics, logger, version, clock, newId, cleanups },
      log: followed,
      observer,
      redactText,
      isVisit,
    });

    const { feed } = config;
    const relaying =
      feed.kind === 'kafka' && config.roles.includes('relay')
        ? openRelaying({
            ...{ log: followed, leases, observer, logger, clock, topic: feed.topic },
            openWriter: () => openFeedWriter({ feed, log, metrics, logger }),
          })
        : undefined;

    const limits = openLimits({
      redisUrl: config.redisUrl?.reveal(),
      onDegraded: (degraded, error) =>
        logger.warn(
          { degraded, err: error },
          degraded ? 'Redis is away: limits are counted here' : 'Redis is back',
        ),
    });
    cleanups.push(() => limits.close());
    const limiter = createLimiter({ store: limits.store, policies: config.limits });
    const checks: ReadinessCheck[] = [
      { name: 'log', check: () => log.ping() },
      ...(readModels?.checks ?? []),
      ...(relaying?.checks ?? []),
      ...alerting.checks,
      ...(limits.ping === undefined ? [] : [{ name: 'redis', check: limits.ping, optional: true }]),
    ];
    const readiness = createReadiness({ clock: () => performance.now(), checks });
    const server = await createServer({
      settings: config.http,
      logger,
      version,
      authenticate: keyring.authenticate,
      limiter,
    });
    metricsRoutes(server, metrics);
    const uptimeMs = () => clock() - startedAt;
    healthRoutes(server, { version, state: () => state, uptimeMs, readiness });
    const backtests = {
      backtester: openBacktester({
        entry: new URL('./backtestThread.js', import.meta.url),
        log,
        readPast: stores.readPast,
      }),
      current: alerting.rules.current,
      channels: alerting.channels,
      log,
      clock,
    };
    const live = openDoors(server, {
      ...{ config, log, readModels, keyring, ingest, jobs, backtests, clock, checks, version, startedAt },
      ...{ rules: alerting.rules, channels: alerting.channels, flagsOf: alerting.flagsOf, redactText },
      commands: createAlertCommands({ log, clock, newId, redactText }),
      followers: alerting.followers,
      onLiveError: (error) => logger.error({ err: error }, 'the live stream could not read the log'),
    });

    // One process counts what the log takes in, by whatever door; of several, each what has come in through it.
    if (isWhole(config)) {
      const counting = countTraffic(followed, metrics.traffic, (error) =>
        logger.error({ err: error }, 'traffic could not be counted'),
      );
      cleanups.push(() => counting.stop());
    }
    registerGauges(metrics, {
      ingest: ingest.stats,
      projections: async () => (await readModels?.readers.standings()) ?? [],
      lanes: async () => (await readModels?.lanes?.()) ?? [],
      log: log.stats,
      engineMemoryBytes: async () => (await readModels?.read.memoryBytes()) ?? 0,
      liveClients: live.clients,
      limitStoreDegraded: () => limits.degraded(),
    });
    if (config.roles.includes('project')) {
      const housekeeping = scheduleHousekeeping({
        ...{ log, leases, clock, retentionDays: config.retentionDays },
        onExpired: (events) => logger.info({ events }, 'the log has forgotten what is past its time'),
        onError: (error) => logger.error({ err: error }, 'housekeeping failed'),
      });
      cleanups.push(() => housekeeping.stop());
    }

    async function start(): Promise<Started> {
      relaying?.start();
      if (relaying !== undefined) cleanups.push(relaying.stop);
      await readModels?.start();
      await alerting.start();
      const sqlAddress =
        readModels &&
        (await openSqlDoor({
          config: config.sql,
          paths,
          read: readModels.read,
          keyring,
          limiter,
          logger,
          cleanups,
        }));
      cleanups.push(() => closeServer(server, 4_000));
      const address = await server.listen({ host: config.http.host, port: config.http.port });
      state = 'running';
      const running = { pid: process.pid, address, startedAt: new Date(startedAt).toISOString() };
      cleanups.push(await announce(paths.running, { ...running, ...(sqlAddress && { sqlAddress }) }));
      const { firstAdminKey } = keyring;
      const { ruleSet, source } = alerting.rules.current();
      const alerts = { rules: ruleSet.rules.length, source, channels: alerting.channels };
      return { address, alerts, ...(sqlAddress && { sqlAddress }), ...(firstAdminKey && { firstAdminKey }) };
    }

    return { start, stop, builder: () => readModels?.builder(), keyring, log, ingest, backtests };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { openBacktester } from './adapters/backtestThread/backtester.ts';
import { packedPast } from './adapters/backtestThread/past.ts';
import { announce, dataPaths, makeDataFolder, pseudonymHash } from './adapters/dataFolder.ts';
import { lockFolder } from './adapters/folderLock.ts';
import { openLimits } from './adapters/limitStore.ts';
import { openLmdbCheckpoints } from './adapters/lmdb/checkpoints.ts';
import { openLmdbLog } from './adapters/lmdb/eventLog.ts';
import { openReadStore } from './adapters/readStore.ts';
import { openAlerting } from './alerting.ts';
import { createAlertCommands } from './api/alertCommands.ts';
import { alertRoutes } from './api/http/alerts/routes.ts';
import { backtestRoutes } from './api/http/backtests.ts';
import { healthRoutes, type LifeState } from './api/http/health.ts';
import { ingestRoutes } from './api/http/ingest.ts';
import { jobRoutes } from './api/http/jobs.ts';
import { keyRoutes } from './api/http/keys.ts';
import { createLimiter } from './api/http/limits.ts';
import { liveRoutes } from './api/http/live.ts';
import { createMetrics, metricsRoutes, registerGauges } from './api/http/metrics.ts';
import { readRoutes } from './api/http/reads/reads.ts';
import { rulesRoutes } from './api/http/rules.ts';
import { closeServer, createServer } from './api/http/server.ts';
import { createIngest } from './api/ingest.ts';
import { buildNewVersions, createJobs } from './api/jobs.ts';
import { createKeyring } from './api/keyring.ts';
import { countTraffic, timedAppend, timedStore } from './api/observed.ts';
import type { ReadinessCheck } from './api/ports.ts';
import { createReadiness } from './api/readiness.ts';
import type { Config } from './config.ts';
import { isActive } from './domain/keys.ts';
import { createRedactor } from './domain/redaction/redactor.ts';
import { createUuidV7Factory } from './domain/uuid.ts';
import { drain } from './drain.ts';
import { openProjecting } from './projecting.ts';
import { scheduleHousekeeping } from './projections/retention.ts';
import { shareFeed } from './projections/sharedFeed.ts';
import { openSqlDoor } from './sqlDoor.ts';

export interface Overrides {
  logger: Logger;
  version?: string;
  clock?: () => number;
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
  const { logger, version = '0.0.0', clock = Date.now } = overrides;
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

    const log = await openLmdbLog({ path: paths.log, clock });
    cleanups.push(() => log.close());
    const checkpoints = await openLmdbCheckpoints({ path: paths.checkpoints });
    cleanups.push(() => checkpoints.close());
    const read = await openReadStore(
      config.read.kind === 'chdb'
        ? { ...config.read, path: paths.read }
        : { kind: 'clickhouse', url: config.read.url.reveal() },
    );
    cleanups.push(() => read.close());

    const metrics = createMetrics();
    const store = timedStore(read.store, (seconds) =>
      metrics.querySeconds.observe({ kind: 'read' }, seconds),
    );
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

    const runner = await openProjecting({
      config,
      log,
      checkpoints,
      store,
      metrics,
      logger,
      clock,
      cleanups,
    });

    const redactor = createRedactor({
      kinds: config.redaction.kinds,
      extraKeys: config.redaction.extraKeys,
      keyedHash: await pseudonymHash(paths.pseudonymKey),
    });
    const ingest = createIngest({
      log: { append: timedAppend(log.append, (seconds) => metrics.ingestSeconds.observe(seconds)) },
      redact: redactor.redactEvent,
      newId,
      clock,
    });
    cleanups.push(() => ingest.drain());

    const followed = { ...log, ...shareFeed(log) };
    const alerting = await openAlerting({
      ...{ config, paths, metrics, logger, version, clock, newId, cleanups },
      log: followed,
      redactText: redactor.redactText,
    });

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
      { name: 'read_store', check: () => store.ping() },
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
    ingestRoutes(server, {
      ingest,
      limits: {
        maxBodyBytes: config.http.bodyLimitBytes,
        maxUnpackedBytes: config.http.expandedBodyLimitBytes,
      },
    });
    keyRoutes(server, { keyring });
    const { followers } = alerting;
    readRoutes(server, { store, log, runner, clock, checks, version, startedAt, followers });
    const { redactText } = redactor;
    const commands = createAlertCommands({ log, clock, newId, redactText });
    const { flagsOf } = alerting.notifier;
    alertRoutes(server, { store, log, runner, clock, commands, redactText, flagsOf });
    rulesRoutes(server, { rules: alerting.rules, channels: alerting.channels, log, runner, clock });
    const jobs = createJobs({ clock, newId });
    cleanups.push(() => jobs.close());
    jobRoutes(server, { jobs, runner, log });
    const backtests = {
      backtester: openBacktester({
        entry: new URL('./backtestThread.js', import.meta.url),
        log,
        readPast: packedPast(log),
      }),
      current: alerting.rules.current,
      channels: alerting.channels,
      log,
      clock,
    };
    backtestRoutes(server, { ...backtests, jobs });
    const live = liveRoutes(server, {
      log,
      jobs,
      mayStay: ({ keyId }) => keyring.list().some((key) => key.keyId === keyId && isActive(key)),
      onError: (error) => logger.error({ err: error }, 'the live stream could not read the log'),
    });

    const counting = countTraffic(followed, metrics.traffic, (error) =>
      logger.error({ err: error }, 'traffic could not be counted'),
    );
    cleanups.push(() => counting.stop());
    registerGauges(metrics, {
      ingest: ingest.stats,
      projections: runner.standings,
      log: log.stats,
      engineMemoryBytes: read.memoryBytes,
      liveClients: live.clients,
      limitStoreDegraded: () => limits.degraded(),
    });
    const housekeeping = scheduleHousekeeping({
      log,
      retentionDays: config.retentionDays,
      clock,
      onExpired: (events) => logger.info({ events }, 'the log has forgotten what is past its time'),
      onError: (error) => logger.error({ err: error }, 'housekeeping failed'),
    });
    cleanups.push(() => housekeeping.stop());

    async function start(): Promise<Started> {
      runner.start();
      const newVersions = buildNewVersions({
        jobs,
        runner,
        log,
        onFailed: (projection, reason, retryInMs) =>
          logger.error(
            { projection, reason, retryInMs },
            'a new version could not be built; it will be tried again',
          ),
      });
      cleanups.push(() => newVersions.stop());
      await alerting.start();
      const sqlAddress = await openSqlDoor({
        config: config.sql,
        paths,
        read,
        keyring,
        limiter,
        logger,
        cleanups,
      });
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

    return { start, stop, runner, keyring, log, store, ingest, backtests };
  } catch (error) {
    await stop();
    throw error;
  }
}

import type { Logger } from 'pino';
import { createHeartbeat } from './adapters/channels/heartbeat.ts';
import { openChannels } from './adapters/channels/open.ts';
import type { dataPaths } from './adapters/dataFolder.ts';
import { watchFile } from './adapters/rulesFile.ts';
import { snapshotFile } from './adapters/snapshotFile.ts';
import { createAlertFigures, registerAlertGauges } from './api/http/alertFigures.ts';
import type { Metrics } from './api/http/metrics.ts';
import { createRulesKeeper } from './api/rulesKeeper.ts';
import { warningsOf } from './api/ruleWarnings.ts';
import type { Config } from './config.ts';
import { engineStream } from './domain/alerts/identity.ts';
import { eventOf } from './domain/alerts/processor/decision.ts';
import { faultText } from './domain/alerts/rules/faults.ts';
import { openDecider } from './projections/alerts/decider.ts';
import { startWatchdog } from './projections/alerts/watchdog.ts';
import { openNotifier } from './projections/notifications/notifier.ts';
import type { EventLog } from './projections/ports.ts';

export interface AlertingDeps {
  config: Config;
  paths: ReturnType<typeof dataPaths>;
  log: EventLog;
  metrics: Metrics;
  logger: Logger;
  version: string;
  clock: () => number;
  newId: () => string;
  redactText: (text: string) => string;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** Late by so much, alerts no longer count as being decided, and the watcher outside hears nothing more. */
const aliveWithinMs = 60_000;
const newsForMs = 300_000;
const told: readonly string[] = [
  'AlertFired',
  'AlertSeverityChanged',
  'AlertResolved',
  'RuleEvaluationFailed',
];

/** The part of the wiring that alerts have for themselves: rules, decisions, notifications, and who watches them. */
export async function openAlerting(deps: AlertingDeps) {
  const { config, paths, log, metrics, logger, version, clock, newId, redactText, cleanups } = deps;
  const stopwatch = () => performance.now();
  const rules = await createRulesKeeper({ log, clock, newId, fileText: config.rules?.text });
  const channels = openChannels(config.channels, { version, now: clock });
  cleanups.push(() => Promise.all(channels.map((channel) => channel.close())));
  const names = channels.map(({ name }) => name);

  const figures = createAlertFigures(metrics.registry);
  const decider = await openDecider({
    log,
    snapshots: snapshotFile(paths.alertSnapshot),
    clock,
    stopwatch,
    newId,
    observer: {
      decided({ event }, behindMs) {
        figures.steps.inc({ type: event.type });
        figures.decisionSeconds.observe(Math.max(0, behindMs) / 1_000);
        // History that comes in late is no news, and there can be much of it.
        const level = behindMs < newsForMs && told.includes(event.type) ? 'info' : 'debug';
        logger[level]({ type: event.type, data: withoutEvidence(event.data) }, 'an alert has moved');
      },
      failed(error, retryInMs) {
        figures.failures.inc();
        logger.error({ err: error, retryInMs }, 'alerts could not be decided; it will be tried again');
      },
      recalled: (events) => logger.info({ events }, 'the state of the alerts was read from the log'),
    },
  });
  const notifier = await openNotifier({
    log,
    snapshots: snapshotFile(paths.notifierSnapshot),
    channels,
    clock,
    stopwatch,
    redact: redactText,
    observer: {
      failed: (error) => logger.error({ err: error }, 'notifications are held up'),
      delivered(channel, seconds) {
        figures.notifications.inc({ channel, outcome: 'delivered' });
        figures.deliverySeconds.observe({ channel }, seconds);
      },
      refused(channel, kind) {
        figures.notifications.inc({ channel, outcome: kind });
        if (kind !== 'closed') logger.warn({ channel, kind }, 'a notification was refused');
      },
    },
  });
  registerAlertGauges(metrics.registry, {
    firing: notifier.firing,
    processorLagMs: decider.behind,
    series: decider.series,
    tooLate: decider.tooLate,
    waiting: notifier.backlog,
  });

  async function start(): Promise<void> {
    const about = { id: newId(), at: clock(), project: 'default' };
    const events = [eventOf('EngineStarted', { version }, about)];
    await log.append([{ stream: engineStream, events, expected: 'any' }]);
    decider.start();
    cleanups.push(() => decider.stop());
    notifier.start();
    cleanups.push(() => notifier.stop());
    const watchdog = startWatchdog({
      log,
      behind: decider.behind,
      clock,
      onError: (error) => logger.error({ err: error }, 'the alert processor could not be watched'),
    });
    cleanups.push(() => watchdog.stop());
    if (config.rules !== undefined) {
      warnOfRules();
      cleanups.push(followFile(config.rules));
    }
    if (config.heartbeat !== undefined) cleanups.push(beat(config.heartbeat));
  }

  /** Who sends rules over HTTP has them in the answer. */
  function warnOfRules(): void {
    for (const warning of warningsOf(rules.current().ruleSet, names)) logger.warn(warning);
  }

  function followFile({ path, text }: NonNullable<Config['rules']>): () => Promise<void> {
    const watcher = watchFile(path, text, {
      async changed(fresh) {
        const faults = await rules.offerFile(fresh);
        if (faults.length === 0) {
          logger.info({ path }, 'the rules were read anew');
          return warnOfRules();
        }
        logger.error(
          { path, faults: faults.map(faultText) },
          'the rules were not taken, those before them stay',
        );
      },
      failed: (error) => logger.error({ err: error, path }, 'the rules cannot be read, those before stay'),
    });
    return () => watcher.stop();
  }

  /** Alerts that nobody is told of are as good as none. */
  const lateMs = () => Math.max(decider.lateMs(), notifier.lateMs());

  function beat({ url, everyMs }: NonNullable<Config['heartbeat']>): () => Promise<void> {
    const heart = createHeartbeat({
      url: url.reveal(),
      everyMs,
      alive: () => lateMs() < aliveWithinMs,
      state: () => ({ alive: true, lateMs: Math.round(lateMs()), firing: notifier.firing().length }),
      version,
      onFault: (reason) => logger.warn({ reason }, 'the heartbeat was not taken'),
    });
    return () => heart.close();
  }

  async function followers() {
    const [decided, told] = await Promise.all([decider.standing(), notifier.standing()]);
    return { alerts: decided, notifications: told };
  }

  return { rules, decider, notifier, followers, channels: names, start };
}

const withoutEvidence = (data: object): object => {
  const { rule, labels, episode, severity } = data as Record<string, unknown>;
  return { rule, labels, episode, severity };
};

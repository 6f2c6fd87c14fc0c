import type { Logger } from 'pino';
import { openChannels } from '../adapters/channels/open.ts';
import { watchFile } from '../adapters/rulesFile.ts';
import { createAlertFigures, registerAlertGauges } from '../api/http/alertFigures.ts';
import type { Metrics } from '../api/http/metrics.ts';
import { createRulesKeeper } from '../api/rulesKeeper.ts';
import { warningsOf } from '../api/ruleWarnings.ts';
import type { Config } from '../config.ts';
import { engineStream } from '../domain/alerts/identity.ts';
import { eventOf } from '../domain/alerts/processor/decision.ts';
import { faultText } from '../domain/alerts/rules/faults.ts';
import type { FollowerStanding } from '../projections/follow.ts';
import type { EventLog } from '../projections/ports.ts';
import { type FollowerName, sharedStanding, shareStanding } from '../projections/sharedStanding.ts';
import type { StandByObserver } from '../projections/standBy.ts';
import { beat, type Deciding, openDeciding } from './deciding.ts';
import { type Notifying, openNotifying } from './notifying.ts';
import { workCheck } from './observing.ts';
import type { Stores } from './storing.ts';

export interface AlertingDeps {
  config: Config;
  stores: Pick<Stores, 'leases' | 'shared' | 'snapshots'>;
  log: EventLog;
  metrics: Metrics;
  logger: Logger;
  observer: StandByObserver;
  version: string;
  clock: () => number;
  newId: () => string;
  redactText: (text: string) => string;
  /** Opened for one command alone, which has no say in what the others do. */
  isVisit: boolean;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** The part of the wiring that alerts have for themselves: rules, decisions, notifications, and who watches them. */
export async function openAlerting(deps: AlertingDeps) {
  const { config, log, metrics, logger, observer, version, clock, newId, cleanups } = deps;
  const { leases, shared, snapshots } = deps.stores;
  const does = (role: string) => config.roles.includes(role);
  const leads = does('alert') && !(deps.isVisit && shared !== undefined);
  const fileText = leads ? config.rules?.text : undefined;
  const rules = await createRulesKeeper({ log, clock, newId, fileText, leads });
  const channels = openChannels(config.channels, { version, now: clock });
  cleanups.push(() => Promise.all(channels.map((channel) => channel.close())));
  const names = channels.map(({ name }) => name);

  const figures = createAlertFigures(metrics.registry);
  const common = { log, leases, observer, figures, logger, clock };
  const deciding: Deciding | undefined = does('alert')
    ? openDeciding({ ...common, snapshots: snapshots.alerts, newId })
    : undefined;
  const notifying: Notifying | undefined = does('notify')
    ? openNotifying({
        ...common,
        snapshots: snapshots.notifications,
        channels,
        redactText: deps.redactText,
      })
    : undefined;
  const decider = () => deciding?.current();
  const notifier = () => notifying?.current();
  registerAlertGauges(metrics.registry, {
    firing: () => notifier()?.firing() ?? [],
    processorLagMs: async () => (await decider()?.behind()) ?? Number.NaN,
    series: () => decider()?.series() ?? 0,
    tooLate: () => decider()?.tooLate() ?? 0,
    waiting: () => notifier()?.backlog() ?? [],
  });

  async function start(): Promise<void> {
    if (does('ingest')) {
      const about = { id: newId(), at: clock(), project: 'default' };
      const events = [eventOf('EngineStarted', { version }, about)];
      await log.append([{ stream: engineStream, events, expected: 'any' }]);
    }
    await takeUp('alert', deciding);
    await takeUp('notify', notifying);
    tellOthers('alerts', () => decider()?.position());
    tellOthers('notifications', () => notifier()?.position());
    if (deciding !== undefined && config.rules !== undefined) {
      warnOfRules();
      cleanups.push(followFile(config.rules));
    }
    if (deciding !== undefined && config.heartbeat !== undefined) {
      const { heartbeat } = config;
      const firing = () => notifier()?.firing().length ?? 0;
      cleanups.push(beat({ heartbeat, lateMs, firing, version, logger }));
    }
  }

  /** Of several processes, each is up and says so while the work is begun: what is known is read from a log of any length. */
  async function takeUp(name: string, work: Deciding | Notifying | undefined): Promise<void> {
    if (work === undefined) return;
    const starting = work.start();
    cleanups.push(work.stop);
    if (shared === undefined) return await starting;
    starting.catch((error: unknown) => observer.failed(name, error));
  }

  function tellOthers(name: FollowerName, position: Parameters<typeof shareStanding>[0]['position']): void {
    if (shared === undefined) return;
    const onError = (error: unknown) =>
      logger.warn({ err: error, name }, 'other processes cannot be told how far it is');
    const sharing = shareStanding({ checkpoints: shared, name, position, onError });
    cleanups.push(sharing.stop);
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

  /** Alerts that nobody is told of are as good as none, where people are told from here. */
  function lateMs(): number | undefined {
    const decides = decider();
    return decides === undefined ? undefined : Math.max(decides.lateMs(), notifier()?.lateMs() ?? 0);
  }

  async function standingOf(
    name: FollowerName,
    here: { standing(): Promise<FollowerStanding> } | undefined,
  ): Promise<FollowerStanding | undefined> {
    if (here !== undefined) return await here.standing();
    return shared && (await sharedStanding(shared, log, name, clock()));
  }

  async function followers() {
    const [alerts, notifications] = await Promise.all([
      standingOf('alerts', decider()),
      standingOf('notifications', notifier()),
    ]);
    return { alerts, notifications };
  }

  // One alone that cannot begin does not start; of several, each says what keeps it from taking over.
  const checks = [
    ...(deciding && shared ? [workCheck(config, 'alerts', deciding)] : []),
    ...(notifying && shared ? [workCheck(config, 'notifications', notifying)] : []),
  ];
  const flagsOf = (episode: string) => notifier()?.flagsOf(episode);
  return { rules, followers, flagsOf, channels: names, checks, start };
}

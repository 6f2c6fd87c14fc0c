import type { Logger } from 'pino';
import { createHeartbeat } from '../adapters/channels/heartbeat.ts';
import type { AlertFigures } from '../api/http/alertFigures.ts';
import type { Config } from '../config.ts';
import { type Decider, openDecider } from '../projections/alerts/decider.ts';
import type { SnapshotStore } from '../projections/alerts/ports.ts';
import { startWatchdog } from '../projections/alerts/watchdog.ts';
import type { EventLog, Leases } from '../projections/ports.ts';
import { type StandByObserver, standBy, type Work } from '../projections/standBy.ts';

export interface DecidingDeps {
  log: EventLog;
  leases: Leases;
  observer: StandByObserver;
  snapshots: SnapshotStore;
  figures: AlertFigures;
  logger: Logger;
  clock: () => number;
  newId: () => string;
}

export type Deciding = ReturnType<typeof openDeciding>;

const newsForMs = 300_000;
const told: readonly string[] = [
  'AlertFired',
  'AlertSeverityChanged',
  'AlertResolved',
  'RuleEvaluationFailed',
];
const stopwatch = () => performance.now();

/** The part of the wiring that decides alerts, in one process at a time; and who watches it. */
export function openDeciding(deps: DecidingDeps) {
  const { log, leases, snapshots, figures, logger, clock, newId } = deps;
  let decider: Decider | undefined;

  async function begin(): Promise<Work> {
    const opened = await openDecider({
      log,
      snapshots,
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
    opened.start();
    const watchdog = startWatchdog({
      log,
      behind: opened.behind,
      clock,
      onError: (error) => logger.error({ err: error }, 'the alert processor could not be watched'),
    });
    decider = opened;
    return {
      async stop() {
        decider = undefined;
        await watchdog.stop();
        await opened.stop();
      },
    };
  }

  const standingBy = standBy({ leases, name: 'alert', begin, observer: deps.observer, stopwatch });
  return {
    start: standingBy.start,
    stop: standingBy.stop,
    check: standingBy.check,
    /** Undefined while another process decides. */
    current: () => decider,
  };
}

const withoutEvidence = (data: object): object => {
  const { rule, labels, episode, severity } = data as Record<string, unknown>;
  return { rule, labels, episode, severity };
};

/** Late by so much, alerts no longer count as being decided, and the watcher outside hears nothing more. */
const aliveWithinMs = 60_000;

export interface BeatDeps {
  heartbeat: NonNullable<Config['heartbeat']>;
  /** Undefined where another process decides and tells, whose heart it is that beats. */
  lateMs: () => number | undefined;
  firing: () => number;
  version: string;
  logger: Logger;
}

export function beat({ heartbeat, lateMs, firing, version, logger }: BeatDeps): () => Promise<void> {
  const heart = createHeartbeat({
    url: heartbeat.url.reveal(),
    everyMs: heartbeat.everyMs,
    alive: () => (lateMs() ?? Number.POSITIVE_INFINITY) < aliveWithinMs,
    state: () => ({ alive: true, lateMs: Math.round(lateMs() ?? 0), firing: firing() }),
    version,
    onFault: (reason) => logger.warn({ reason }, 'the heartbeat was not taken'),
  });
  return () => heart.close();
}

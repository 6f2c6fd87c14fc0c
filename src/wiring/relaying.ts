import type { Logger } from 'pino';
import type { ReadinessCheck } from '../api/ports.ts';
import type { LaneWriter } from '../projections/lanes/ports.ts';
import { createRelay } from '../projections/lanes/relay.ts';
import type { EventLog, Leases } from '../projections/ports.ts';
import { type StandByObserver, standBy, type Work } from '../projections/standBy.ts';

export interface RelayingDeps {
  log: EventLog;
  leases: Leases;
  /** Opened by whoever takes the work up, so that one that stands by holds no connections. */
  openWriter: () => Promise<LaneWriter>;
  topic: string;
  observer: StandByObserver;
  logger: Logger;
  clock: () => number;
}

/** The part of the wiring that writes the log to the feed's lanes, in one process at a time. */
export function openRelaying(deps: RelayingDeps) {
  const { log, leases, openWriter, topic, observer, logger, clock } = deps;
  let writer: LaneWriter | undefined;

  async function begin(): Promise<Work> {
    const opened = await openWriter();
    const relay = createRelay({
      log,
      writer: opened,
      clock,
      observer: {
        relayed: () => undefined,
        failed: (error, retryInMs) =>
          logger.error({ err: error, retryInMs }, 'the feed cannot be written; it will be tried again'),
      },
    });
    relay.start();
    writer = opened;
    return {
      async stop() {
        writer = undefined;
        await relay.stop();
        await opened.close();
      },
    };
  }

  const name = `relay-${topic}`;
  const standingBy = standBy({ leases, name, begin, observer, stopwatch: () => performance.now() });
  async function check(): Promise<void> {
    await standingBy.check();
    await writer?.ping();
  }
  const checks: ReadinessCheck[] = [{ name: 'feed', check }];
  return {
    checks,
    start() {
      // A broker that is away does not keep this process from coming up and saying so.
      standingBy.start().catch((error: unknown) => observer.failed(name, error));
    },
    stop: standingBy.stop,
  };
}

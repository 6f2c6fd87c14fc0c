import type { Logger } from 'pino';
import type { AlertFigures } from '../api/http/alertFigures.ts';
import type { SnapshotStore } from '../projections/alerts/ports.ts';
import { type Notifier, openNotifier } from '../projections/notifications/notifier.ts';
import type { Channel } from '../projections/notifications/ports.ts';
import type { EventLog, Leases } from '../projections/ports.ts';
import { type StandByObserver, standBy, type Work } from '../projections/standBy.ts';

export interface NotifyingDeps {
  log: EventLog;
  leases: Leases;
  observer: StandByObserver;
  snapshots: SnapshotStore;
  channels: readonly Channel[];
  figures: AlertFigures;
  logger: Logger;
  clock: () => number;
  redactText: (text: string) => string;
}

export type Notifying = ReturnType<typeof openNotifying>;

const stopwatch = () => performance.now();

/** The part of the wiring that tells people, in one process at a time. */
export function openNotifying(deps: NotifyingDeps) {
  const { log, leases, snapshots, channels, figures, logger, clock, redactText } = deps;
  let notifier: Notifier | undefined;

  async function begin(): Promise<Work> {
    const opened = await openNotifier({
      log,
      snapshots,
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
    opened.start();
    notifier = opened;
    return {
      async stop() {
        notifier = undefined;
        await opened.stop();
      },
    };
  }

  const standingBy = standBy({ leases, name: 'notify', begin, observer: deps.observer, stopwatch });
  return {
    start: standingBy.start,
    stop: standingBy.stop,
    check: standingBy.check,
    /** Undefined while another process tells. */
    current: () => notifier,
  };
}

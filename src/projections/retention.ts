import { expiryOf, retentionOf } from '../domain/retention.ts';
import type { EventLog } from './ports.ts';
import type { ProjectionSettings } from './settings.ts';

export interface RetentionDeps {
  log: Pick<EventLog, 'expire' | 'maintain'>;
  retentionDays: ProjectionSettings['retentionDays'];
  clock: () => number;
  onExpired: (events: number) => void;
  onError: (error: unknown) => void;
  intervalMs?: number;
}

/** Lets the log forget what is past its time, and keeps its storage compact. The read models forget by their TTL. */
export async function keepHouse({ log, retentionDays, clock, onExpired }: RetentionDeps): Promise<void> {
  const now = clock();
  const { raw, hours } = retentionDays;
  if (raw !== undefined) {
    const longBefore = hours === undefined ? 0 : expiryOf(now, hours);
    const forgotten = await log.expire({
      before: expiryOf(now, raw),
      keep: (event) => {
        const retention = retentionOf(event.type);
        return retention === 'kept' || (retention === 'long' && event.recordedAt >= longBefore);
      },
    });
    if (forgotten > 0) onExpired(forgotten);
  }
  await log.maintain();
}

export function scheduleHousekeeping(deps: RetentionDeps): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const run = () => {
    running = running.then(() => keepHouse(deps)).catch(deps.onError);
  };
  const timer = setInterval(run, deps.intervalMs ?? 600_000);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

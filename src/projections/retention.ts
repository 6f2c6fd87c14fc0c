import { expiryOf, retentionOf } from '../domain/retention.ts';
import type { EventLog, Leases } from './ports.ts';
import type { ProjectionSettings } from './settings.ts';

export interface RetentionDeps {
  log: Pick<EventLog, 'expire' | 'maintain'>;
  /** One process does it for all that share the log. */
  leases: Leases;
  retentionDays: ProjectionSettings['retentionDays'];
  clock: () => number;
  onExpired: (events: number) => void;
  onError: (error: unknown) => void;
  intervalMs?: number;
}

/** Longer than a round takes, and than it is to the next one. */
const leaseMs = 1_800_000;

/** Lets the log forget what is past its time, and keeps its storage compact. The read models forget by their TTL. */
export async function keepHouse(deps: RetentionDeps): Promise<void> {
  const { log, leases, retentionDays, clock, onExpired } = deps;
  if (!(await leases.hold('housekeeping', leaseMs))) return;
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

const pauseFor = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

export function scheduleHousekeeping(deps: RetentionDeps): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const run = () => {
    running = running.then(() => keepHouse(deps)).catch(deps.onError);
  };
  // The first one soon, so that an engine that is often started anew forgets as well.
  const first = setTimeout(run, 60_000).unref();
  const timer = setInterval(run, deps.intervalMs ?? 600_000).unref();
  return {
    async stop() {
      clearTimeout(first);
      clearInterval(timer);
      // A long round is not waited for: the log ends it in the middle, and the next start goes on.
      await Promise.race([running, pauseFor(1_000)]);
      await deps.leases.release('housekeeping').catch(deps.onError);
    },
  };
}

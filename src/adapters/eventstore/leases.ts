import type { Leases } from '../../projections/ports.ts';
import { Note } from './bookkeeping.ts';
import type { EventStoreConnection } from './connection.ts';

interface Lease {
  holder: string;
  /** Epoch milliseconds by the holder's clock. */
  until: number;
}

export interface EventStoreLeasesOptions {
  connection: EventStoreConnection;
  /** Names this process among all; two with one name would hold the same lease. */
  holder: string;
  clock: () => number;
}

interface Seen {
  note: Note;
  /** The revision that this process wrote; undefined when it has to look. */
  own: number | undefined;
  /** Another's that was seen last, and since when by the clock here. */
  other?: { revision: number; since: number };
}

/**
 * Each lease is the last event of a stream; taking and renewing it is expected against the one that was seen. Clocks of two
 * machines differ: one that stands unrenewed for as long as it lasts is over, whatever time its holder took it to be.
 */
export function openEventStoreLeases({ connection, holder, clock }: EventStoreLeasesOptions): Leases {
  const leases = new Map<string, Seen>();
  const seenOf = (name: string): Seen => {
    const seen = leases.get(name) ?? { note: new Note(connection, `lease-${name}`), own: undefined };
    leases.set(name, seen);
    return seen;
  };

  const write = async (seen: Seen, until: number, expected: number): Promise<boolean> => {
    const lease: Lease = { holder, until };
    seen.own = undefined;
    seen.own = await seen.note.write('LeaseHeld', lease, expected);
    return seen.own !== undefined;
  };

  const isHeldByOther = (seen: Seen, lease: Lease | undefined, revision: number, forMs: number): boolean => {
    const now = clock();
    if (lease === undefined || lease.holder === holder || lease.until <= now) return false;
    if (seen.other?.revision !== revision) seen.other = { revision, since: now };
    return now - seen.other.since < forMs;
  };

  return {
    async hold(name, forMs) {
      const seen = seenOf(name);
      if (seen.own !== undefined && (await write(seen, clock() + forMs, seen.own))) return true;
      const { data, revision } = await seen.note.read();
      if (isHeldByOther(seen, data as Lease | undefined, revision, forMs)) return false;
      return write(seen, clock() + forMs, revision);
    },
    async release(name) {
      const seen = seenOf(name);
      if (seen.own !== undefined) await write(seen, 0, seen.own);
      seen.own = undefined;
    },
  };
}

import type { Position } from '../../domain/position.ts';
import type { EventLog } from '../ports.ts';
import type { Standing, Standings } from '../standings.ts';

export interface Positions {
  head: Position | undefined;
  projections: Standing[];
}

type Log = Pick<EventLog, 'head' | 'readByTime' | 'compare' | 'distance'>;

/**
 * The head of the log and how far each projection is from it; with `asOf`, from what the head was then, which tells
 * whether reads `asOf` that time see everything already.
 */
export async function readPositions(
  log: Log,
  runner: Pick<Standings, 'standings'>,
  asOf: number | undefined,
): Promise<Positions> {
  if (asOf === undefined) return { head: await log.head(), projections: await runner.standings() };
  const head = await headAt(log, asOf);
  const projections = (await runner.standings()).map((standing) => {
    const lagEvents = head === undefined ? 0 : log.distance(standing.position, head);
    return { ...standing, lagEvents, lagMs: lagEvents === 0 ? 0 : standing.lagMs };
  });
  return { head, projections };
}

/** The last position that had been recorded by `time`. */
async function headAt(log: Log, time: number): Promise<Position | undefined> {
  const stop = new AbortController();
  const later = log.readByTime({
    fromTime: time + 0.001,
    toTime: Number.MAX_SAFE_INTEGER,
    signal: stop.signal,
  });
  try {
    for await (const batch of later) if (batch.events.length > 0) return batch.from;
  } finally {
    stop.abort();
  }
  return await log.head();
}

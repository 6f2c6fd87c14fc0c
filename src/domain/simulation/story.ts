/**
 * What befalls the simulated bot. Once a day a deploy of the worker shrinks its database pool: queries wait for a
 * connection, searches slow down with them, and syncs that cannot write begin again and spend the code host's rate
 * limit. A rollback ends it.
 */
export interface Story {
  /** How hard the pool is pressed, 0 (well) to 1 (nothing moves). */
  pressure(time: number): number;
  poolSize(time: number): number;
  version(service: Service, time: number): string;
  /** The deploys in `[from, to)`. */
  deploys(from: number, to: number): Deploy[];
  /** The code host's quota is counted in windows; this is where the one around `time` begins. */
  quotaWindowStart(time: number): number;
}

export const services = ['bot', 'worker'] as const;
export type Service = (typeof services)[number];

export interface Deploy {
  time: number;
  service: Service;
  version: string;
  message: string;
  attributes: Record<string, string | number>;
}

const wholePool = 20;
const smallPool = 5;
export const quotaWindowMs = 3_600_000;

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Minutes from the anchor, which is when the simulation was first begun. */
const badDeployAt = -95;
const rollbackAt = -46;
const botDeployAt = -320;
/** From the bad deploy until the pool is wholly jammed, and from the rollback until it is free. */
const risesWithin = 12;
const fallsWithin = 5;
/** So that the quota is spent some twenty minutes before the incident's end and comes back with it. */
const quotaWindowAt = -100;

/** Days since the anchor's own, and the minute within that day's story. */
function place(anchor: number, time: number): { day: number; minute: number } {
  const minutes = (time - anchor) / minuteMs;
  const day = Math.ceil(minutes / (dayMs / minuteMs));
  return { day, minute: minutes - day * (dayMs / minuteMs) };
}

const ramp = (value: number): number => Math.min(1, Math.max(0, value));

/** The rollback gives the pool its size back at once; what is left is the queue of those who waited. */
const queueAfterRollback = 0.3;

function pressureAt(minute: number): number {
  if (minute < rollbackAt) return ramp((minute - badDeployAt - 1) / risesWithin);
  return queueAfterRollback * (1 - ramp((minute - rollbackAt) / fallsWithin));
}

const goodVersion = '2.13.1';
const badVersion = (day: number): string => `2.14.${day}`;
const botVersion = (day: number): string => `3.${6 + day}.0`;

function deploysOfDay(anchor: number, day: number): Deploy[] {
  const at = (minute: number) => anchor + day * dayMs + minute * minuteMs;
  return [
    {
      time: at(botDeployAt),
      service: 'bot',
      version: botVersion(day + 1),
      message: 'Shorter answers for long search results',
      attributes: { previous: botVersion(day) },
    },
    {
      time: at(badDeployAt),
      service: 'worker',
      version: badVersion(day),
      message: 'Smaller instances: half the memory, and the database pool to match',
      attributes: { previous: goodVersion, 'db.pool.max': smallPool, 'db.pool.max.before': wholePool },
    },
    {
      time: at(rollbackAt),
      service: 'worker',
      version: goodVersion,
      message: `Roll back ${badVersion(day)}`,
      attributes: { previous: badVersion(day), 'db.pool.max': wholePool, 'db.pool.max.before': smallPool },
    },
  ];
}

export function createStory(anchor: number): Story {
  const smallAt = (time: number) => {
    const { minute } = place(anchor, time);
    return minute >= badDeployAt && minute < rollbackAt;
  };
  return {
    pressure: (time) => pressureAt(place(anchor, time).minute),
    poolSize: (time) => (smallAt(time) ? smallPool : wholePool),
    version(service, time) {
      const { day, minute } = place(anchor, time);
      if (service === 'bot') return botVersion(minute >= botDeployAt ? day + 1 : day);
      return smallAt(time) ? badVersion(day) : goodVersion;
    },
    deploys(from, to) {
      const { day } = place(anchor, from);
      return [day, day + 1]
        .flatMap((each) => deploysOfDay(anchor, each))
        .filter(({ time }) => time >= from && time < to);
    },
    quotaWindowStart(time) {
      const first = anchor + quotaWindowAt * minuteMs;
      return first + Math.floor((time - first) / quotaWindowMs) * quotaWindowMs;
    },
  };
}

import { backgroundOf } from './background.ts';
import { callsPerSync, type Operation, operations } from './operations.ts';
import { activity, createPeople, type People } from './people.ts';
import { createRandom, drawUuid } from './random.ts';
import { type Arrival, playArrival, type SimulatedEvent } from './requests.ts';
import { createStory, quotaWindowMs, type Story } from './story.ts';

/**
 * A small bot that is not there. Every minute of it is a function of the seed, the anchor and that minute alone, so
 * that a restart goes on where it was, and sending a minute twice sends the same ids.
 */
export interface Simulation {
  story: Story;
  people: People;
  /** The events of the minute that begins at `start` (a whole minute), in the order of their time. */
  minute(start: number): SimulatedEvent[];
}

export const minuteMs = 60_000;
/** Requests a minute when everyone is awake, and syncs a minute, which come from a timer and not from people. */
const mostRequests = 34;
const syncsPerMinute = 3;
/** Calls that the code host allows in each of its windows. */
const quota = 5_000;

const shares: Readonly<Record<Exclude<Operation, 'github_sync'>, number>> = {
  search: 38,
  api_call: 27,
  file_save: 20,
  db_query: 15,
};

export function createSimulation({ seed, anchor }: { seed: string; anchor: number }): Simulation {
  const story = createStory(anchor);
  const people = createPeople(createRandom(`${seed} people`));
  const usedBefore = quotaMeter(seed, story);

  function surroundings(at: number, used: number) {
    const quotaBackAt = used >= quota ? story.quotaWindowStart(at) + quotaWindowMs : undefined;
    return { pressure: story.pressure(at), poolSize: story.poolSize(at), quotaBackAt };
  }

  function minute(start: number): SimulatedEvent[] {
    const used = usedBefore(start);
    const arrivals = [...visits(seed, people, start), ...syncs(seed, start)];
    const events = arrivals.flatMap((arrival) => {
      const versionOf = (service: 'bot' | 'worker') => story.version(service, arrival.at);
      const played = playArrival(arrival, surroundings(arrival.at, used), versionOf);
      return [...played.events, ...feedback(arrival, played.run.fault !== undefined)];
    });
    const quotaLeft = Math.max(0, quota - usedBefore(start + minuteMs, start));
    const background = backgroundOf(seed, story, { start, requests: arrivals.length, quotaLeft, quota });
    return [...events, ...background].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
  }

  return { story, people, minute };
}

function visits(seed: string, people: People, start: number): Arrival[] {
  const random = createRandom(`${seed} visits ${start}`);
  const count = random.poisson(mostRequests * activity(start));
  return Array.from({ length: count }, (_, index) => {
    const at = start + random.int(minuteMs);
    const operation = random.weighted(operations, (each) => (each === 'github_sync' ? 0 : shares[each]));
    return { at, operation, person: people.someone(random, at), seed: `${seed} visit ${start} ${index}` };
  });
}

function syncs(seed: string, start: number): Arrival[] {
  const random = createRandom(`${seed} syncs ${start}`);
  return Array.from({ length: random.poisson(syncsPerMinute) }, (_, index) => ({
    at: start + random.int(minuteMs),
    operation: 'github_sync' as const,
    person: undefined,
    seed: `${seed} sync ${start} ${index}`,
  }));
}

/** Counts the calls to the code host from the beginning of its window, remembering each minute's. */
function quotaMeter(seed: string, story: Story) {
  const calls = new Map<number, number>();

  function callsOf(start: number): number {
    const known = calls.get(start);
    if (known !== undefined) return known;
    const callsIn = (arrival: Arrival) => {
      const around = { pressure: story.pressure(arrival.at), poolSize: story.poolSize(arrival.at) };
      const { run } = playArrival(arrival, { ...around, quotaBackAt: undefined }, () => '');
      return run.attempts * callsPerSync;
    };
    const count = syncs(seed, start).reduce((sum, arrival) => sum + callsIn(arrival), 0);
    if (calls.size > 200) calls.clear();
    calls.set(start, count);
    return count;
  }

  /** Calls from the beginning of the window that holds `within`, up to the minute that begins at `end`. */
  return (end: number, within = end): number => {
    let used = 0;
    const first = Math.ceil(story.quotaWindowStart(within) / minuteMs) * minuteMs;
    for (let start = first; start < end; start += minuteMs) used += callsOf(start);
    return used;
  };
}

/** Now and then someone says what they think of an answer. */
function feedback(arrival: Arrival, failed: boolean): SimulatedEvent[] {
  const random = createRandom(`${arrival.seed} feedback`);
  if (arrival.person === undefined || !random.chance(failed ? 0.06 : 0.012)) return [];
  const time = arrival.at + 8_000 + random.int(20_000);
  const liked = !failed && random.chance(0.85);
  return [
    {
      id: drawUuid(random, time),
      time,
      type: 'feedback',
      service: 'bot',
      operation: arrival.operation,
      userId: arrival.person.id,
      attributes: { verdict: liked ? 'helpful' : 'not helpful' },
      value: liked ? 1 : -1,
    },
  ];
}

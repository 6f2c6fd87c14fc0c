import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { laneOf } from '../../src/domain/lanes.ts';
import { createRandom, type Random } from '../../src/domain/simulation/random.ts';
import { alertSteps } from '../../src/projections/readModels/alerts.ts';
import { failures } from '../../src/projections/readModels/failures.ts';
import { logs } from '../../src/projections/readModels/rawEvents.ts';
import { requests } from '../../src/projections/readModels/requests.ts';
import { decidedIn, replayed } from '../support/recordedDecider.ts';
import type { Surroundings } from './process.ts';
import { faultsOfRows, Reference } from './reference.ts';
import { VirtualTime } from './virtualTime.ts';
import { rulesAppend, trafficAppend } from './workload.ts';
import { type Role, World } from './world.ts';

export interface Played {
  faults: string[];
  trace: readonly string[];
  events: number;
  alerts: number;
}

const projections = [requests, failures, logs, alertSteps];
const startsAt = Date.UTC(2026, 10, 25);
const settlingMs = 1_500;
const troubledMs = 25_000;
const quietMs = 20_000;
const longestMs = 300_000;
const services = 12;

/** One story, told by its seed: traffic, and everything that can go wrong; then quiet, in which all has to come right. */
export async function play(seed: number): Promise<Played> {
  const random = createRandom(`seed ${seed}`);
  const time = new VirtualTime(startsAt);
  const trace: string[] = [];
  const note = (line: string) => trace.push(`${time.now - startsAt} ${line}`);
  const around: Surroundings = { time, random, trouble: { level: random.between(0, 2) }, note };
  const lanes = seed % 25 === 0 ? 64 : 1 + random.int(6);
  const world = new World({ ...around, lanes, projections });
  time.take();
  try {
    const rows = new Reference(projections);
    const faults = await tell(world, around, rows);
    const events = await eventsOf(world);
    rows.follow(events);
    const laneAt = new Map(events.map((event) => [event.position, laneOf(event, lanes)] as const));
    faults.push(...world.faults, ...world.store.faults, ...faultsOfRows(rows, world.store.landed, laneAt));
    const [live, alone] = [decidedIn(events), replayed(events)];
    if (live.join('\n') !== alone.join('\n')) faults.push('the alerts are not those of one process alone');
    return { faults, trace, events: events.length, alerts: live.length };
  } finally {
    time.release();
  }
}

async function eventsOf({ log }: World): Promise<readonly RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const { events } of log.read()) all.push(...events);
  return all;
}

async function tell(world: World, around: Surroundings, rows: Reference): Promise<string[]> {
  const { time, random, trouble } = around;
  const faults: string[] = [];
  await world.log.append([rulesAppend(random, time.now)]);
  const roles: Role[] = ['relay', 'project', 'project', 'alert', 'read'];
  for (const role of ['relay', 'project', 'alert'] as const) if (random.chance(0.5)) roles.push(role);
  // What happens before anybody has ever decided on alerts is taken for known: the story begins when one has begun to.
  const { level } = trouble;
  trouble.level = 0;
  for (const role of roles) world.start(role);
  await time.runUntil(() => false, settlingMs);
  trouble.level = level;
  traffic(world, around);
  const troubling = troubles(world, around);
  const asking = ask(world, around, rows, faults);
  const ends = time.sleep(troubledMs).then(() => {
    trouble.level = 0;
    for (const { process } of world.running) process.heal();
  });
  let isOver = false;
  const told = Promise.all([troubling, asking, ends]).then(async () => {
    await time.sleep(quietMs);
    await allThere(world, around);
    isOver = true;
  });
  told.catch((error: unknown) => {
    faults.push(`the story broke off: ${String(error)}`);
    isOver = true;
  });
  if (!(await time.runUntil(() => isOver, longestMs))) faults.push('it does not come to its end');
  return faults;
}

function traffic(world: World, { time, random, note }: Surroundings): void {
  const append = async () => {
    const { now } = time;
    note('append');
    await world.log.append([trafficAppend(random, now, services)]);
  };
  for (let at = 0; at < troubledMs; at += random.between(50, random.chance(0.2) ? 6_000 : 900)) {
    time.set(() => void append(), at);
  }
}

async function troubles(world: World, { time, random, trouble, note }: Surroundings): Promise<void> {
  const { level } = trouble;
  const endsAt = time.now + troubledMs;
  while (level > 0.2) {
    await time.sleep(random.between(200, 6_000 / level));
    if (time.now >= endsAt) return;
    const [first, ...others] = [...world.running];
    if (first === undefined) continue;
    const chosen = random.pick([first, ...others]);
    const kind = random.int(4);
    if (kind <= 1) world.kill(chosen, random.between(300, 5_000));
    else if (kind === 2) world.restart(chosen);
    else {
      note(`cut ${chosen.process.name}`);
      chosen.process.cut();
      time.set(() => chosen.process.heal(), random.between(500, 9_000));
    }
  }
}

/** Now and then somebody waits for what has been taken in; whoever is told that it is there finds it. */
async function ask(
  world: World,
  { time, random }: Surroundings,
  rows: Reference,
  faults: string[],
): Promise<void> {
  const endsAt = time.now + troubledMs;
  while (time.now < endsAt) {
    await time.sleep(random.between(300, 3_000));
    await askOnce(world, random, rows, faults);
  }
}

async function askOnce(world: World, random: Random, rows: Reference, faults: string[]): Promise<void> {
  const events = await eventsOf(world);
  const position = events[random.int(events.length)]?.position;
  const answering = [...world.running].flatMap(({ standings, process }) =>
    standings === undefined || process.isDead ? [] : [standings],
  );
  const [first, ...others] = answering;
  if (position === undefined || first === undefined) return;
  if (!(await random.pick([first, ...others]).reached(position, 4_000))) return;
  rows.follow(await eventsOf(world));
  const missing = faultsOfRows(rows, world.store.landed, new Map(), Number(position)).filter((fault) =>
    fault.includes(' lacks '),
  );
  faults.push(...missing.map((fault) => `though ${position} was said to be reached, ${fault}`));
}

/** Nothing more comes of time that passes, and all of it has been projected. */
async function allThere({ log, running }: World, { time }: Surroundings): Promise<void> {
  for (;;) {
    const head = await log.head();
    const reader = [...running].find(({ role }) => role === 'read')?.standings;
    const isThere = head !== undefined && (await reader?.reached(head, 5_000));
    await time.sleep(2_000);
    if (isThere === true && head === (await log.head())) return;
  }
}

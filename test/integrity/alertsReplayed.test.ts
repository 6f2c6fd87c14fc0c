import { afterEach, describe, expect, it } from 'vitest';
import { rulesStream } from '../../src/domain/alerts/identity.ts';
import { eventOf } from '../../src/domain/alerts/processor/decision.ts';
import { isStep } from '../../src/domain/alerts/processor/judged.ts';
import { builtinRules } from '../../src/domain/alerts/rules/builtin.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { createRandom, type Random } from '../../src/domain/simulation/random.ts';
import { minuteMs } from '../../src/domain/simulation/simulation.ts';
import { type Arriving, incident, trafficOf, wholeDay } from '../support/alertTraffic.ts';
import { decidedIn, RecordedDecider, replayed } from '../support/recordedDecider.ts';

let recorded: RecordedDecider | undefined;
afterEach(async () => {
  await recorded?.close();
  recorded = undefined;
});

/** Other thresholds, one rule less, and one more whose windows have to be filled from the past. */
const otherRules = builtinRules
  .replaceAll('above: 10%', 'above: 12%')
  .replace('rules:\n', `rules:\n${slowUsers()}`)
  .replace(/ {2}- name: new-error[\s\S]*?(?=\n {2}- name: )/, '');

function slowUsers(): string {
  return `
  - name: slow-operations
    measure: latency p90
    by: [service, operation]
    window: 20m
    every: 20s
    warning: { above: 1s, recover: 800ms, for: 1m }
    keepFiringFor: 2m
    title: "{{operation}} is slow"
`;
}

interface Ends {
  /** How often on the way the decider ends, and how it comes back. */
  often: number;
  how: (recorded: RecordedDecider, random: Random) => Promise<void>;
}

interface Run {
  traffic: readonly Arriving[];
  seed: string;
  batch: (random: Random) => number;
  maxEvents: number;
  ends?: Ends;
}

const changeOf = (text: string, revision: number, { now, newId }: RecordedDecider) => {
  const read = readRules(text);
  if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
  const data = { revision, source: 'api' as const, by: 'ann', text, versions: { ...read.versions } };
  return eventOf('RulesChanged', data, { id: newId(), at: now, project: 'default' });
};

/** People see to what fires: they take it on, take it as done, or silence it. */
async function peopleAct(recorded: RecordedDecider, random: Random): Promise<void> {
  const events = await recorded.events();
  const open = new Map<string, RecordedEvent>();
  for (const event of events) {
    if (event.type === 'AlertFired') open.set(event.data.episode, event);
    else if (event.type === 'AlertResolved') open.delete(event.data.episode);
  }
  const [episode, fired] = [...open][random.int(open.size || 1)] ?? [];
  if (episode === undefined || fired === undefined) return;
  const about = { id: recorded.newId(), at: recorded.now, project: fired.project };
  const said = { episode, by: 'ann' };
  const until = recorded.now + 600_000;
  const matchers = [{ label: 'service', operator: '=' as const, value: 'bot' }];
  const silence = { silence: `sil_${about.id}`, matchers, from: recorded.now, until, by: 'ann', comment: '' };
  const deed = random.pick([
    () => eventOf('AlertAcknowledged', said, about),
    () => eventOf('AlertResolutionRequested', said, about),
    () => eventOf('SilenceCreated', silence, about),
  ] as const);
  await recorded.append([deed()], `alert-commands-${episode}`);
}

/** The whole story: rules, traffic, people, other rules halfway, and a silence at the end. */
async function play({ traffic, seed, batch, maxEvents, ends }: Run): Promise<RecordedDecider> {
  const random = createRandom(seed);
  const start = traffic[0]?.arrivesAt ?? 0;
  const recorder = await RecordedDecider.open(start);
  recorded = recorder;
  await recorder.append([changeOf(builtinRules, 1, recorder)], rulesStream);
  await recorder.start({ maxEvents });
  const endAt =
    ends === undefined ? [] : Array.from({ length: ends.often }, () => random.int(traffic.length));
  endAt.sort((a, b) => a - b);
  let actAt = start + 20 * minuteMs;
  let changed = false;
  for (let from = 0; from < traffic.length; ) {
    const part = traffic.slice(from, from + batch(random));
    recorder.now = Math.max(recorder.now, part.at(-1)?.arrivesAt ?? 0);
    await recorder.append(part.map(({ event }) => event));
    from += part.length;
    if (ends !== undefined && (endAt[0] ?? Number.POSITIVE_INFINITY) < from) {
      endAt.shift();
      await ends.how(recorder, random);
    }
    if (recorder.now >= actAt) {
      await recorder.caughtUp();
      await peopleAct(recorder, random);
      actAt = recorder.now + 7 * minuteMs;
    }
    if (!changed && from > traffic.length / 2) {
      changed = true;
      await recorder.append([changeOf(otherRules, 2, recorder)], rulesStream);
    }
  }
  if (recorder.isDead) await recorder.start({ snapshot: recorder.snapshots.at(-1), maxEvents });
  await recorder.caughtUp();
  // Where nothing comes any more, time has to be recorded to pass.
  for (let step = 0; step < 3; step++) {
    recorder.now += 10 * minuteMs;
    await recorder.still();
  }
  return recorder;
}

async function expectLiveIsReplayed(recorder: RecordedDecider): Promise<readonly RecordedEvent[]> {
  expect(recorder.faults).toEqual([]);
  const events = await recorder.events();
  const live = decidedIn(events);
  const anew = replayed(events);
  const differs = live.findIndex((one, index) => one !== anew[index]);
  expect(live[differs]).toBe(anew[differs]);
  expect(live.length).toBe(anew.length);
  expect(live.length).toBeGreaterThan(20);
  return events;
}

/** Each stream of an alert counts its steps without a gap. */
function expectNoGaps(events: readonly RecordedEvent[]): void {
  const last = new Map<string, number>();
  for (const event of events) {
    if (!isStep(event)) continue;
    const { episode, number } = event.data;
    expect(number).toBe((last.get(episode) ?? 0) + 1);
    last.set(episode, number);
  }
}

/** Of one alert, an episode ends before the next begins. */
function expectOneAfterTheOther(events: readonly RecordedEvent[]): void {
  const open = new Map<string, string>();
  for (const event of events) {
    if (!isStep(event)) continue;
    const { episode } = event.data;
    expect(open.get(event.stream) ?? episode).toBe(episode);
    if (event.type === 'AlertResolved' || event.type === 'AlertDismissed') open.delete(event.stream);
    else open.set(event.stream, episode);
  }
}

const nearlyOne = (random: Random): number => 1 + random.int(4);
const few = (random: Random): number => 1 + random.int(20);
const many = (random: Random): number => 1 + random.int(3_000);

describe('what was decided live and what a replay decides', () => {
  it.each([
    ['one or two at a time', nearlyOne, 1],
    ['few at a time', few, 7],
    ['many at a time', many, 2_000],
  ])('are the same bytes in the same order, with %s', { timeout: 60_000 }, async (name, batch, maxEvents) => {
    const traffic = trafficOf(incident, name);
    const events = await expectLiveIsReplayed(await play({ traffic, seed: name, batch, maxEvents }));
    expectNoGaps(events);
    const types = new Set(events.map(({ type }) => type));
    for (const type of ['AlertFired', 'AlertResolved', 'ClockAdvanced', 'AlertResolutionRequested'])
      expect(types).toContain(type);
  });

  it.each<[string, Ends['how']]>([
    [
      'stopped and started',
      async (one) => {
        await one.stop();
        await one.start({ snapshot: one.snapshots.at(-1) });
      },
    ],
    [
      'killed between two events',
      async (one) => {
        one.kill();
        await one.start({ snapshot: one.snapshots.at(-1) });
      },
    ],
    [
      'killed, with an older snapshot',
      async (one, random) => {
        one.kill();
        await one.start({ snapshot: one.snapshots[random.int(one.snapshots.length)] });
      },
    ],
    [
      'killed at its next append',
      async (one, random) => {
        const death = { atAppend: 1 + random.int(3), carriedOut: random.chance(0.5) };
        one.kill();
        await one.start({ snapshot: one.snapshots.at(-1), death });
      },
    ],
  ])('are the same after it was %s again and again', { timeout: 60_000 }, async (name, how) => {
    const traffic = trafficOf(incident, name);
    const ends = { often: 25, how };
    const recorder = await play({ traffic, seed: name, batch: few, maxEvents: 50, ends });
    expectNoGaps(await expectLiveIsReplayed(recorder));
  });

  it('are the same for a whole day', { timeout: 120_000 }, async () => {
    const traffic = trafficOf(wholeDay, 'a day');
    const recorder = await play({ traffic, seed: 'a day', batch: many, maxEvents: 2_000 });
    expectNoGaps(await expectLiveIsReplayed(recorder));
  });

  it('go on with what was open after everything but the log was lost', { timeout: 60_000 }, async () => {
    const traffic = trafficOf(incident, 'lost');
    const how: Ends['how'] = async (one) => {
      one.kill();
      await one.start();
    };
    const recorder = await play({
      traffic,
      seed: 'lost',
      batch: few,
      maxEvents: 50,
      ends: { often: 12, how },
    });
    expect(recorder.recalls).toBeGreaterThan(10);
    expect(recorder.faults).toEqual([]);
    const events = await recorder.events();
    expectNoGaps(events);
    expectOneAfterTheOther(events);
    // What was on its way when it died is decided a moment later, and late events are no longer counted.
    const anew = new Set(replayed(events));
    const live = decidedIn(events);
    expect(live.filter((one) => anew.has(one)).length).toBeGreaterThan(0.8 * live.length);
  });
});

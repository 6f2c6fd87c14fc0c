import { expect, onTestFinished } from 'vitest';
import { rulesStream } from '../../../src/domain/alerts/identity.ts';
import { eventOf } from '../../../src/domain/alerts/processor/decision.ts';
import { isStep } from '../../../src/domain/alerts/processor/judged.ts';
import { builtinRules } from '../../../src/domain/alerts/rules/builtin.ts';
import { readRules } from '../../../src/domain/alerts/rules/read.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { createRandom, type Random } from '../../../src/domain/simulation/random.ts';
import { minuteMs } from '../../../src/domain/simulation/simulation.ts';
import type { Arriving } from '../../support/alertTraffic.ts';
import { decidedIn, RecordedDecider, replayed } from '../../support/recordedDecider.ts';

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

export interface Ends {
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
export async function play({ traffic, seed, batch, maxEvents, ends }: Run): Promise<RecordedDecider> {
  const random = createRandom(seed);
  const start = traffic[0]?.arrivesAt ?? 0;
  const recorder = await RecordedDecider.open(start);
  onTestFinished(() => recorder.close());
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

export async function expectLiveIsReplayed(recorder: RecordedDecider): Promise<readonly RecordedEvent[]> {
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
export function expectNoGaps(events: readonly RecordedEvent[]): void {
  const last = new Map<string, number>();
  for (const event of events) {
    if (!isStep(event)) continue;
    const { episode, number } = event.data;
    expect(number).toBe((last.get(episode) ?? 0) + 1);
    last.set(episode, number);
  }
}

/** Of one alert, an episode ends before the next begins. */
export function expectOneAfterTheOther(events: readonly RecordedEvent[]): void {
  const open = new Map<string, string>();
  for (const event of events) {
    if (!isStep(event)) continue;
    const { episode } = event.data;
    expect(open.get(event.stream) ?? episode).toBe(episode);
    if (event.type === 'AlertResolved' || event.type === 'AlertDismissed') open.delete(event.stream);
    else open.set(event.stream, episode);
  }
}

/** Sizes of the batches in which traffic is recorded. */
export const few = (random: Random): number => 1 + random.int(20);
export const many = (random: Random): number => 1 + random.int(3_000);

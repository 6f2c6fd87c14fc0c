import { BeatReader, ruleSetOf } from '../../../../src/domain/alerts/beats/beatReader.ts';
import { SliceMerger } from '../../../../src/domain/alerts/beats/merge.ts';
import { isControl, type Slice } from '../../../../src/domain/alerts/beats/partial.ts';
import type { Decision } from '../../../../src/domain/alerts/processor/decision.ts';
import { createFaultReader } from '../../../../src/domain/alerts/processor/faults.ts';
import { AlertProcessor } from '../../../../src/domain/alerts/processor/processor.ts';
import type { RuleSet } from '../../../../src/domain/alerts/rule.ts';
import type { RecordedEvent } from '../../../../src/domain/events/envelope.ts';

/** One log decided by one process, and by readers of its parts with an owner who is shown no event at all. */

/** The same numbers for the same seed. */
export function chance(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, below, of: <T>(all: readonly T[]): T => all[below(all.length)] as T };
}
export type Chance = ReturnType<typeof chance>;

export interface Outcome {
  decisions: Decision[];
  saved: string;
}

const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** As a decider does it, when the windows of new rules have to be filled. */
export function warmUp(processor: AlertProcessor, log: readonly RecordedEvent[], last: RecordedEvent): void {
  const { coldSince } = processor;
  if (coldSince === undefined) return;
  processor.cool();
  for (const event of log) {
    if (event.recordedAt >= coldSince) processor.warm(event);
    if (event === last || event.id === last.id) break;
  }
  processor.warmed();
}

export function together(log: readonly RecordedEvent[], rules?: RuleSet, restoredAt: number[] = []): Outcome {
  const fixed = rules === undefined ? {} : { rules };
  let processor = new AlertProcessor(fixed);
  const decisions: Decision[] = [];
  log.forEach((event, index) => {
    if (restoredAt.includes(index))
      processor = new AlertProcessor({ ...fixed, saved: copied(processor.save()) });
    decisions.push(...processor.observe(event));
    warmUp(processor, log, event);
  });
  decisions.push(...processor.endBeat());
  return { decisions, saved: JSON.stringify(processor.save()) };
}

export type Entry = { event: RecordedEvent } | { passed: number };

/** As a relay fills them: events by project and service, what changes the deciding to every one, and marks. */
export function lanesOf(log: readonly RecordedEvent[], count: number, { below }: Chance): Entry[][] {
  const lanes: Entry[][] = Array.from({ length: count }, () => []);
  const marks = (passed: number) => {
    for (const lane of lanes) lane.push({ passed });
  };
  for (const event of log) {
    if (isControl(event)) for (const lane of lanes) lane.push({ event });
    else lanes[hashOf(event.project + event.service) % count]?.push({ event });
    if (below(20) === 0) marks(event.recordedAt);
  }
  const end = (log.at(-1)?.recordedAt ?? 0) + 1_000;
  marks(end);
  return lanes;
}

export function hashOf(text: string): number {
  let hash = 7;
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) >>> 0;
  return hash;
}

interface LaneOptions {
  lanes: number;
  seed: number;
  rules?: RuleSet;
  /** One in so many times a reader or the owner is stopped and restored. */
  restarts?: number;
}

/** Lanes get on at random; what they tell goes as JSON. */
export function apart(log: readonly RecordedEvent[], options: LaneOptions): Outcome {
  const { lanes: count, seed, rules, restarts = Infinity } = options;
  const random = chance(seed);
  const fixed = rules === undefined ? {} : { rules };
  const empty: RuleSet = rules ?? new AlertProcessor().ruleSet;
  const readers = Array.from({ length: count }, () => ({ ruleSet: empty, reader: readerOf(empty, rules) }));
  const lanes = lanesOf(log, count, random);
  const published: Slice[][] = lanes.map(() => []);
  let owner = new AlertProcessor(fixed);
  let merger = new SliceMerger(count);
  const decisions: Decision[] = [];

  function restartOwner(): void {
    owner = new AlertProcessor({ ...fixed, saved: copied(owner.save()) });
    merger = new SliceMerger(count, copied(merger.taken));
    published.forEach((slices, lane) => {
      for (const slice of slices) merger.add(lane, slice);
    });
  }

  function own(): void {
    for (let slice = merger.next(); slice !== undefined; slice = merger.next()) {
      decisions.push(...owner.takeSlice(slice));
      while (owner.isDue) decisions.push(...owner.judgeNext());
      if (slice.control !== undefined) warmUp(owner, log, slice.control);
      if (random.next() < 1 / restarts) restartOwner();
    }
  }

  const places = lanes.map(() => 0);
  let left = lanes.reduce((sum, lane) => sum + lane.length, 0);
  while (left > 0) {
    const lane = random.below(count);
    const [entries = [], one] = [lanes[lane], readers[lane]];
    // In portions, so that some are well ahead of others.
    for (let portion = random.below(60); portion > 0; portion -= 1) {
      const entry = entries[places[lane] ?? 0];
      if (entry === undefined || one === undefined) break;
      places[lane] = (places[lane] ?? 0) + 1;
      left -= 1;
      if (random.next() < 1 / restarts) one.reader = readerOf(one.ruleSet, rules, copied(one.reader.save()));
      const slices = 'event' in entry ? one.reader.read(entry.event) : one.reader.pass(entry.passed);
      if ('event' in entry && entry.event.type === 'RulesChanged' && rules === undefined)
        one.ruleSet = ruleSetOf(entry.event.data as Parameters<typeof ruleSetOf>[0]) ?? one.ruleSet;
      for (const slice of copied(slices)) {
        published[lane]?.push(slice);
        merger.add(lane, slice);
        // It may come again at any time.
        if (random.below(10) === 0) merger.add(lane, slice);
      }
    }
    own();
  }
  return { decisions, saved: JSON.stringify(owner.save()) };
}

const readerOf = (ruleSet: RuleSet, rules?: RuleSet, saved?: ReturnType<BeatReader['save']>): BeatReader =>
  new BeatReader({ ruleSet, fixed: rules !== undefined, readFault: createFaultReader() }, saved);

import { describe, expect, test } from 'vitest';
import { BeatReader, ruleSetOf } from '../../../src/domain/alerts/beats/beatReader.ts';
import type { Place } from '../../../src/domain/alerts/beats/merge.ts';
import type { Slice } from '../../../src/domain/alerts/beats/partial.ts';
import type { Decision } from '../../../src/domain/alerts/processor/decision.ts';
import { createFaultReader } from '../../../src/domain/alerts/processor/faults.ts';
import { AlertProcessor, type SavedProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { asPosition } from '../../../src/domain/position.ts';
import {
  followPartials,
  type LaneSlice,
  type LaneStep,
  type PartialsTopic,
  publishPartials,
} from '../../../src/projections/alerts/partials.ts';
import { chance, lanesOf, together, warmUp } from '../../domain/alerts/beats/lanes.ts';
import { storyOf } from '../../domain/alerts/beats/story.ts';

/** A stand-in for the topic, in memory; it fails now and then, with a part of what it was given kept. */
class Topic implements PartialsTopic {
  readonly kept: LaneSlice[] = [];
  #waiting: (() => void)[] = [];
  readonly #fails: () => boolean;

  constructor(fails: () => boolean) {
    this.#fails = fails;
  }

  async publish(lane: number, slices: readonly Slice[]): Promise<void> {
    const fails = this.#fails();
    const part = fails ? slices.slice(0, slices.length >> 1) : slices;
    for (const slice of part) this.kept.push({ lane, slice: JSON.parse(JSON.stringify(slice)) });
    for (const wake of this.#waiting.splice(0)) wake();
    if (fails) throw new Error('the topic is away');
  }

  async *subscribe({ signal }: { signal: AbortSignal }): AsyncIterable<readonly LaneSlice[]> {
    for (let at = 0; !signal.aborted; ) {
      const portion = this.kept.slice(at, at + 50);
      at += portion.length;
      if (portion.length > 0) yield portion;
      else
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
    }
  }
}

/** The newest rules before a place in a lane, as the log has them. */
const rulesBefore = (steps: readonly LaneStep[], index: number) =>
  steps.slice(0, index).reduce((rules, { event }) => {
    const changed = event as RecordedEvent<'RulesChanged'> | undefined;
    return changed?.type === 'RulesChanged' ? (ruleSetOf(changed.data) ?? rules) : rules;
  }, new AlertProcessor().ruleSet);

/** Publishes a whole lane, however often that is cut off. */
async function publish(lane: number, steps: readonly LaneStep[], topic: Topic): Promise<number> {
  let next = 0;
  for (let restarts = 0; ; restarts += 1) {
    const readFault = createFaultReader();
    const reader = new BeatReader({ ruleSet: rulesBefore(steps, next), fixed: false, readFault });
    async function* portions() {
      for (let at = next; at < steps.length; at += 17) yield steps.slice(at, at + 17);
    }
    const passed = (position: string) => {
      next = Number(position) + 1;
    };
    try {
      await publishPartials({ lane, steps: portions(), reader, topic, passed });
      return restarts;
    } catch (error) {
      if (!String(error).includes('is away')) throw error;
    }
  }
}

/** An owner that is stopped after so many slices, and goes on from what it had settled. */
async function own(log: readonly RecordedEvent[], topic: Topic, lanes: number, lastBeat: number) {
  const isEnd = ({ beat, cut }: Place) => beat === lastBeat && cut === null;
  let settled: { after: Place | undefined; saved: SavedProcessor | undefined } = {
    after: undefined,
    saved: undefined,
  };
  const decisions: Decision[] = [];
  for (let lives = 1; ; lives += 1) {
    const { after, saved } = settled;
    const owner = new AlertProcessor(saved === undefined ? {} : { saved });
    const stopping = new AbortController();
    let made: Decision[] = [];
    let left = 150;
    await followPartials({
      lanes,
      topic,
      after,
      take(slice) {
        made.push(...owner.takeSlice(slice));
        while (owner.isDue) made.push(...owner.judgeNext());
        if (slice.control !== undefined) warmUp(owner, log, slice.control);
        left -= 1;
        if (left === 0) stopping.abort();
      },
      async settle(taken) {
        decisions.push(...made);
        made = [];
        settled = JSON.parse(JSON.stringify({ after: taken, saved: owner.save() }));
        if (isEnd(taken)) stopping.abort();
      },
      signal: stopping.signal,
    });
    if (settled.after !== undefined && isEnd(settled.after))
      return { decisions, saved: settled.saved, lives };
  }
}

describe('partials by way of a topic', () => {
  test.each([1, 2, 5, 16])(
    'lead to the same alerts as one process, with %i lanes whose readers and whose owner are cut off',
    async (count) => {
      const random = chance(count);
      const log = storyOf(8, { services: 60, days: 2, eventsADay: 500 });
      const lanes = lanesOf(log, count, random).map((entries) =>
        entries.map((entry, index): LaneStep => {
          const position = asPosition(String(index));
          if ('passed' in entry) return { position, recordedAt: entry.passed };
          return { position, recordedAt: entry.event.recordedAt, event: entry.event };
        }),
      );
      const topic = new Topic(() => random.below(6) === 0);
      const last = Math.floor((log.at(-1)?.recordedAt ?? 0) / 100);
      const owning = own(log, topic, count, last);
      const restarts = await Promise.all(lanes.map((steps, lane) => publish(lane, steps, topic)));
      const owned = await owning;
      const reference = together(log);
      expect(JSON.stringify(owned.decisions)).toBe(JSON.stringify(reference.decisions));
      expect(JSON.stringify(owned.saved)).toBe(reference.saved);
      expect(restarts.reduce((sum, one) => sum + one)).toBeGreaterThan(3);
      expect(owned.lives).toBeGreaterThan(2);
    },
  );
});

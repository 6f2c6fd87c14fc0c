import { z } from 'zod';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { RuleFault } from '../rules/faults.ts';
import { readRules } from '../rules/read.ts';
import { Backtest, type BacktestAsked, readingOf } from './backtest.ts';
import { type BacktestResult, type BacktestTransition, backtestModes } from './result.ts';
import { onlyRules } from './select.ts';

/**
 * A stretch of the past kept under a name: its events, the rules, and what these decided. Replayed, it has to come to the
 * same, so that a change of rules or engine that loses an incident is noticed.
 */

const fixtureSchema = z.object({
  format: z.literal('chronoscope-fixture/1'),
  name: z.string(),
  project: z.string(),
  mode: z.enum(backtestModes),
  from: z.number(),
  to: z.number(),
  /** The whole rules file, and which rules of it are looked at; all when there are none. */
  rulesText: z.string(),
  only: z.array(z.string()),
  /** In log order, those before the stretch included. */
  events: z.array(z.object({ id: z.string(), type: z.string(), recordedAt: z.number() }).loose()),
  transitions: z.array(
    z.object({ at: z.number(), type: z.string(), episode: z.string(), rule: z.string() }).loose(),
  ),
});

export interface Fixture {
  format: 'chronoscope-fixture/1';
  name: string;
  project: string;
  mode: BacktestAsked['mode'];
  from: number;
  to: number;
  rulesText: string;
  only: string[];
  events: RecordedEvent[];
  transitions: BacktestTransition[];
}

const mostFixtureEvents = 200_000;

/** Undefined when the text is none. */
export function parseFixture(text: string): Fixture | undefined {
  try {
    const { data } = fixtureSchema.safeParse(JSON.parse(text));
    // Events were valid when they were recorded; only the frame is looked at anew.
    return data as Fixture | undefined;
  } catch {
    return undefined;
  }
}

/** Gathers what a back-test is shown. */
export class FixtureKeeper {
  readonly #project: string;
  readonly #events: RecordedEvent[] = [];
  overflowed = false;

  constructor(project: string) {
    this.#project = project;
  }

  take(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (event.project !== this.#project) continue;
      if (this.#events.length < mostFixtureEvents) this.#events.push(event);
      else this.overflowed = true;
    }
  }

  fixture(
    { name, rulesText, only }: Pick<Fixture, 'name' | 'rulesText' | 'only'>,
    { project, mode, from, to, transitions }: BacktestResult,
  ): Fixture {
    const frame = { format: 'chronoscope-fixture/1' as const, name, project, mode, from, to };
    return { ...frame, rulesText, only, transitions, events: this.#events };
  }
}

export interface FixtureDifference {
  index: number;
  expected: BacktestTransition | undefined;
  found: BacktestTransition | undefined;
}

export type FixtureReplay =
  | { kind: 'replayed'; result: BacktestResult; difference: FixtureDifference | undefined }
  | { kind: 'refused'; faults: readonly RuleFault[] };

/** With other rules it tells whether these decide the same. */
export function replayFixture(fixture: Fixture, rulesText = fixture.rulesText): FixtureReplay {
  const read = readRules(rulesText);
  if (read.kind === 'refused') return read;
  const { project, mode, from, to, only, events, transitions } = fixture;
  const rules = onlyRules(read.ruleSet, only);
  const asked: BacktestAsked = { project, mode, from, to, rules, channels: [] };
  const backtest = new Backtest(asked);
  for (let pass = 0; pass < readingOf(asked).passes; pass++) {
    backtest.take(events);
    backtest.passEnds();
  }
  const result = backtest.result();
  return { kind: 'replayed', result, difference: firstDifference(transitions, result.transitions) };
}

function firstDifference(
  expected: readonly BacktestTransition[],
  found: readonly BacktestTransition[],
): FixtureDifference | undefined {
  const most = Math.max(expected.length, found.length);
  for (let index = 0; index < most; index++) {
    const [one, other] = [expected[index], found[index]];
    if (textOf(one) !== textOf(other)) return { index, expected: one, found: other };
  }
  return undefined;
}

/** The same figures give the same text, however a file orders them. */
const textOf = (transition: BacktestTransition | undefined): string =>
  transition === undefined
    ? ''
    : JSON.stringify(
        Object.entries({ ...transition, labels: Object.entries(transition.labels).sort() }).sort(
          ([a], [b]) => (a < b ? -1 : 1),
        ),
      );

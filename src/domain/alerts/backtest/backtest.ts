import { isTelemetry } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { RuleSet } from '../rule.ts';
import { compare } from './compare.ts';
import { Silences, untrusted } from './gaps.ts';
import { type GridAsked, gridOf, gridResult } from './grid.ts';
import { Incidents } from './judged.ts';
import { horizonMs, Reordering } from './order.ts';
import { firingWithin, outcomeOf, shownOf } from './outcome.ts';
import { longestReach, Replay } from './replay.ts';
import type { BacktestMode, BacktestResult, VerdictName } from './result.ts';

/** Tries rules on a stretch of the past. It is shown the log, once or twice, and sends nothing: it knows no way to. */

export interface BacktestAsked {
  project: string;
  /** `[from, to)`. */
  from: number;
  to: number;
  mode: BacktestMode;
  rules: RuleSet;
  /** Names of the channels that there are. */
  channels: readonly string[];
  compareWith?: { name: string; rules: RuleSet } | undefined;
  grid?: GridAsked | undefined;
  /** From when on the log has events; undefined when that is not known. */
  logBegins?: number | undefined;
  /** See `ReplayOptions`; `passing` without. */
  clock?: 'passing' | 'recorded' | undefined;
}

/** What happened within the stretch may have been recorded so long after it. */
const latestMs = 86_400_000;

/** `fromTime` and `toTime` are when events were recorded; they are shown so many times. */
export function readingOf({ from, to, mode, ...asked }: BacktestAsked) {
  const sets = [asked.rules, ...(asked.compareWith === undefined ? [] : [asked.compareWith.rules])];
  const reach = Math.max(...sets.map((set) => longestReach(set) + set.latenessMs));
  return mode === 'as_arrived'
    ? { fromTime: from - reach, toTime: to, passes: 1 }
    : { fromTime: from - reach - horizonMs, toTime: to + latestMs, passes: 2 };
}

export class Backtest {
  readonly #asked: BacktestAsked;
  readonly #main: Replay;
  readonly #other: Replay | undefined;
  readonly #grid: ReturnType<typeof gridOf>;
  readonly #varied: Replay | undefined;
  readonly #all: readonly Replay[];
  readonly #incidents = new Incidents();
  readonly #silences: Silences;
  readonly #order: Reordering | undefined;
  readonly #passes: number;
  readonly #warmFrom: number;
  #pass = 1;
  #begun = false;
  #events = 0;

  constructor(asked: BacktestAsked) {
    const { rules, compareWith, channels, grid, mode } = asked;
    const replay = (ruleSet: RuleSet, told: readonly string[]) =>
      new Replay({ ...asked, clock: asked.clock ?? 'passing', ruleSet, channels: told });
    this.#asked = asked;
    this.#main = replay(rules, channels);
    this.#other = compareWith && replay(compareWith.rules, channels);
    this.#grid = grid && gridOf(grid, rules);
    this.#varied = this.#grid && replay(this.#grid.ruleSet, []);
    this.#all = [this.#main, this.#other, this.#varied].flatMap((one) => one ?? []);
    this.#silences = new Silences(asked.from);
    const { fromTime, passes } = readingOf(asked);
    this.#warmFrom = fromTime;
    this.#passes = passes;
    if (mode === 'as_known') this.#order = new Reordering((event) => this.#show(event));
  }

  /** Events in log order, of any project. */
  take(events: readonly RecordedEvent[]): void {
    const { project } = this.#asked;
    for (const event of events) if (event.project === project) this.#takeOne(event);
  }

  #takeOne(event: RecordedEvent): void {
    if (this.#order === undefined) this.#show(event);
    else if (this.#pass < this.#passes) this.#order.gather(event);
    else this.#order.add(event);
  }

  passEnds(): void {
    if (this.#pass < this.#passes) this.#order?.gatheringEnds();
    else this.#end();
    this.#pass++;
  }

  #show(event: RecordedEvent): void {
    const { from, to } = this.#asked;
    const { recordedAt } = event;
    const isOfPrograms = isTelemetry(event.type);
    if (!isOfPrograms) this.#incidents.take(event);
    if (recordedAt >= to) return;
    if (recordedAt < from) {
      for (const replay of this.#all) replay.warm(event);
      return;
    }
    if (!this.#begun) this.#begin();
    if (isOfPrograms) {
      this.#events++;
      this.#silences.heard(recordedAt);
    }
    for (const replay of this.#all) replay.observe(event);
  }

  #begin(): void {
    this.#begun = true;
    for (const replay of this.#all) replay.begin();
  }

  #end(): void {
    const { to } = this.#asked;
    this.#order?.end();
    if (!this.#begun) this.#begin();
    this.#silences.heard(to);
    for (const replay of this.#all) replay.end(to);
  }

  /** Episodes that the log has; what people said of them may stand behind the stretch. */
  get recordedEpisodes(): string[] {
    return this.#incidents.ids;
  }

  judge(verdicts: readonly { episode: string; verdict: VerdictName }[]): void {
    for (const { episode, verdict } of verdicts) this.#incidents.judge(episode, verdict);
  }

  result(): BacktestResult {
    const { project, mode, from, to, compareWith, rules, logBegins } = this.#asked;
    const window = { from, to };
    const incidents = this.#incidents.within(from, to);
    const verdictOf = (episode: string) => this.#incidents.verdictOf(episode);
    const outcome = outcomeOf(this.#main, window, { incidents, verdictOf });
    const other = this.#other && outcomeOf(this.#other, window, { incidents, verdictOf });
    const found = this.#varied?.episodes.list ?? [];
    return {
      project,
      mode,
      from,
      to,
      warmedFrom: this.#warmFrom,
      events: this.#events,
      ...shownOf(outcome),
      ...(other && compareWith && { compared: compare(other, outcome, compareWith.name) }),
      ...(this.#grid && { grid: gridResult(this.#grid, found, incidents, firingWithin(window)) }),
      gaps: {
        ...untrusted(rules, window, logBegins),
        silent: this.#silences.list,
        moreSilent: this.#silences.more,
        tooLate: this.#main.tooLate,
        leftInPlace: this.#order?.leftInPlace ?? 0,
      },
    };
  }
}

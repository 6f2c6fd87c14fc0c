import type { Evidence } from '../../events/alerts.ts';
import { isTelemetry } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Subject } from '../alert.ts';
import type { ProjectPartial } from '../beats/partial.ts';
import type { Rule, RuleSet } from '../rule.ts';
import { type SavedWatermark, Watermark } from '../watermark.ts';
import { Context, type SavedContext } from './context.ts';
import type { Decision } from './decision.ts';
import type { ReadFault } from './faults.ts';
import { carryOver, isStep, type RuleState, restoreRuleState, retire } from './judged.ts';
import { kindFor, planWatches, reachOf } from './plan.ts';
import { type SavedWatch, Watch, type WatchDeps } from './watch.ts';

/**
 * All that the alerts of one project rest on. It moves with what the events of its beats come to, one beat after the
 * other, and with nothing else: the same events give the same decisions, wherever and whenever they are read.
 */

export interface SavedProject {
  watermark: SavedWatermark;
  context: SavedContext;
  watches: SavedWatch[];
}

const mostRelated = 10;

export class ProjectProcessor {
  readonly #readFault: ReadFault;
  readonly #context: Context;
  readonly #deps: WatchDeps;
  readonly #watermark: Watermark;
  #watches: readonly Watch[] = [];
  #byKey: ReadonlyMap<string, Watch> = new Map();
  /** Up to when it has yet to be judged; infinitely long ago when nothing is due. */
  #goal = Number.NEGATIVE_INFINITY;
  /** Watches whose windows have yet to be filled from the past. */
  #cold: readonly Watch[] = [];

  constructor(project: string, ruleSet: RuleSet, readFault: ReadFault, saved?: SavedProject) {
    this.#readFault = readFault;
    this.#context = new Context(saved?.context);
    this.#watermark = saved === undefined ? new Watermark(ruleSet) : Watermark.load(saved.watermark, ruleSet);
    this.#deps = {
      project,
      context: this.#context,
      related: (subject, at) => this.#related(subject, at),
      isSilent: (service, at, forMs) => this.#watermark.isSilent(service, at, forMs),
    };
    this.#use(
      planWatches(ruleSet.rules).map(({ key, rules }) => {
        const before = saved?.watches.find((watch) => watch.key === key);
        const states = rules.map((rule) =>
          restoreRuleState(
            rule,
            before?.rules.find(({ name }) => name === rule.name),
          ),
        );
        return this.#open(key, states, before);
      }),
    );
  }

  #open(key: string, states: readonly RuleState[], saved?: SavedWatch): Watch {
    const rule = states[0]?.rule as Rule;
    return Watch.open(key, kindFor(rule, this.#readFault), states, this.#deps, saved);
  }

  #use(watches: readonly Watch[]): void {
    this.#watches = watches;
    this.#byKey = new Map(watches.map((watch) => [watch.key, watch]));
  }

  /** Everything up to and with this time has been judged, as far as it was due. */
  get watermark(): number {
    return this.#watermark.at;
  }

  /** The newest time that a source has sent. */
  get leader(): number {
    return this.#watermark.leader;
  }

  /** Nothing could come in for so long. */
  deaf(forMs: number): void {
    for (const { probe } of this.#watches) probe.deaf(forMs);
  }

  /** When the last of the events was recorded that it has taken in. */
  get lastRecordedAt(): number {
    return this.#watermark.now;
  }

  get tooLate(): number {
    return this.#watches.reduce((count, { probe }) => count + probe.tooLate, 0);
  }

  get series(): number {
    return this.#watches.reduce((count, { probe }) => count + probe.size, 0);
  }

  /** When something is due that no event need come for; infinite when nothing is. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const watch of this.#watches) if (watch.nextAt < next) next = watch.nextAt;
    return next;
  }

  /** What has become due by it is left to `judgeNext`: after a long silence that takes its time. */
  takeBeat({ services }: ProjectPartial): void {
    if (this.#takeIn(services)) this.#aimAt(this.#watermark.advance());
  }

  /** Of what is no telemetry; see `takeBeat`. */
  take(event: RecordedEvent): Decision[] {
    switch (event.type) {
      case 'ClockAdvanced':
        this.passTo(event.data.to, event.recordedAt);
        return [];
      case 'AlertResolutionRequested':
        return this.#resolve(event.data.episode, event.data.by, event.occurredAt);
      default:
        return [];
    }
  }

  /** Takes in what lies before the point from which decisions are made: windows fill, alerts stand as recorded. */
  recall(event: RecordedEvent): void {
    if (isStep(event)) {
      this.#watches.some((watch) => watch.recall(event));
      return;
    }
    if (event.type === 'ClockAdvanced')
      this.#passUpTo(this.#watermark.advanceClock(event.data.to, event.recordedAt));
  }

  recallBeat({ services }: ProjectPartial): void {
    if (this.#takeIn(services)) this.#passUpTo(this.#watermark.advance());
  }

  /** What may have been decided and not recorded any more is judged anew, with all else. */
  recalled(): void {
    for (const watch of this.#watches) watch.judgeAll(this.#watermark.at);
  }

  #passUpTo(watermark: number): void {
    for (let at = this.nextAt; at <= watermark; at = this.nextAt) {
      for (const watch of this.#watches) if (watch.nextAt === at) watch.pass(at);
    }
  }

  /** Time has passed, as an event says or as one that is yet to be recorded would. */
  passTo(to: number, recordedAt: number): void {
    this.#aimAt(this.#watermark.advanceClock(to, recordedAt));
  }

  advanceClock(to: number, recordedAt: number): Decision[] {
    this.passTo(to, recordedAt);
    const decisions: Decision[] = [];
    while (this.isDue) decisions.push(...this.judgeNext());
    return decisions;
  }

  /** Whether the watermark may have moved. */
  #takeIn(services: ProjectPartial['services']): boolean {
    const { at } = this.#watermark;
    let moves = false;
    for (const { service, newest, heardAt, series, around } of services) {
      this.#context.take(service, around);
      // A reader may have read for rules that are not followed here.
      for (const [key, told] of series) this.#byKey.get(key)?.take(told, at);
      if (this.#watermark.observe(service, newest, heardAt)) moves = true;
    }
    return moves;
  }

  #aimAt(watermark: number): void {
    this.#goal = this.nextAt <= watermark ? watermark : Number.NEGATIVE_INFINITY;
  }

  /** No event may be shown to it before `judgeNext` has seen to it. */
  get isDue(): boolean {
    return this.#goal !== Number.NEGATIVE_INFINITY;
  }

  /** One step of all rules that are due first. */
  judgeNext(): Decision[] {
    const decisions: Decision[] = [];
    const at = this.nextAt;
    for (const watch of this.#watches) if (watch.nextAt === at) decisions.push(...watch.evaluate(at));
    this.#aimAt(this.#goal);
    return decisions;
  }

  /** At the person's own time, which the events may not have reached yet. */
  #resolve(episode: string, by: string, at: number): Decision[] {
    for (const watch of this.#watches) {
      const decisions = watch.resolve(episode, by, Math.max(at, this.#watermark.at));
      if (decisions !== undefined) return decisions;
    }
    return [];
  }

  /** Fires go on under rules that still mean the same; what is new has to be warmed with past events first. */
  setRules(ruleSet: RuleSet): Decision[] {
    const former = new Map(
      this.#watches.flatMap((watch) =>
        watch.rules.map((state) => [state.rule.name, { state, watch }] as const),
      ),
    );
    this.#watermark.use(ruleSet);
    const decisions: Decision[] = [];
    const kept = new Set<RuleState['alerts']>();
    const watches = planWatches(ruleSet.rules).map(({ key, rules }) => {
      const states = rules.map((rule) => carryOver(rule, former.get(rule.name)?.state));
      for (const { alerts } of states) kept.add(alerts);
      const before = this.#watches.find((watch) => watch.key === key);
      return before?.withRules(states, this.#watermark.at) ?? this.#open(key, states);
    });
    for (const [name, { state, watch }] of former) {
      if (kept.has(state.alerts)) continue;
      const cause = ruleSet.rules.some((rule) => rule.name === name) ? 'rule_changed' : 'rule_removed';
      for (const { facts, subject, before } of retire(state, this.#deps.project, this.#watermark.at, cause)) {
        decisions.push(...watch.retired(facts, subject, before.episode?.severity));
      }
    }
    const known = new Set(this.#watches.map(({ key }) => key));
    this.#cold = Number.isFinite(this.#watermark.at) ? watches.filter(({ key }) => !known.has(key)) : [];
    for (const watch of this.#cold) watch.catchUp(this.#watermark.at);
    this.#use(watches);
    return decisions;
  }

  /** From which time on events have to be shown again for the windows of new rules; undefined when none are. */
  get coldSince(): number | undefined {
    const reaches = this.#cold.flatMap(({ rules }) => rules.map(({ rule }) => reachOf(rule)));
    return reaches.length === 0 ? undefined : this.#watermark.at - Math.max(...reaches);
  }

  cool(): void {
    for (const watch of this.#cold) watch.probe.clear();
  }

  warm(event: RecordedEvent): void {
    if (!isTelemetry(event.type)) return;
    const time = Math.min(event.occurredAt, event.recordedAt);
    for (const watch of this.#cold) watch.warm(event, time);
  }

  warmed(): void {
    for (const watch of this.#cold) watch.warmed(this.#watermark.at);
    this.#cold = [];
  }

  #related(subject: Subject, at: number): Evidence['related'] {
    const found: Evidence['related'] = [];
    const { service } = subject.labels;
    // Of the same service first, and of those the ones that began first: a cause comes before what it causes.
    const far = (labels: Subject['labels']) => (labels.service === service ? 0 : 1);
    const order = (a: (typeof found)[number], b: (typeof found)[number]) =>
      far(a.labels) - far(b.labels) || a.since - b.since || (a.episode < b.episode ? -1 : 1);
    for (const { rules } of this.#watches) {
      for (const { rule, alerts } of rules) {
        if (rule === subject.rule) continue;
        for (const { labels, alert } of alerts.values()) {
          const { episode } = alert;
          if (episode?.fired === undefined || episode.fired.at > at) continue;
          const one = {
            episode: episode.id,
            rule: rule.name,
            labels,
            severity: episode.severity,
            since: episode.fired.at,
          };
          // In a storm there are thousands, for each of thousands: they are not all sorted.
          const last = found[mostRelated - 1];
          if (last !== undefined && order(last, one) < 0) continue;
          const place = found.findIndex((other) => order(one, other) < 0);
          found.splice(place < 0 ? found.length : place, 0, one);
          found.length = Math.min(found.length, mostRelated);
        }
      }
    }
    return found;
  }

  save(): SavedProject {
    return {
      watermark: this.#watermark.save(),
      context: this.#context.save(),
      watches: this.#watches.map((watch) => watch.save()),
    };
  }
}

import type { Evidence } from '../../events/alerts.ts';
import type { TelemetryType } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { DataReason, Fact, Subject } from '../alert.ts';
import { decideAlert, staysAtRest, type Verdict } from '../episode.ts';
import { idFrom, rulesStream } from '../identity.ts';
import type { Kind, Reading } from '../measures/kind.ts';
import { Probe, type SavedProbe } from '../measures/probe.ts';
import { SeriesList, type SeriesPartial, SeriesReader } from '../measures/seriesReader.ts';
import type { Labels, Rule, Severity } from '../rule.ts';
import type { Context } from './context.ts';
import { type Decision, engineService, eventOf, stepDecision } from './decision.ts';
import { decisionOf, evidenceOf, type Why } from './evidence.ts';
import {
  keep,
  type RecordedStep,
  type RuleState,
  recalled,
  type SavedRuleState,
  saveRuleState,
  trackedOf,
} from './judged.ts';

/** Rules that watch the same series, and when they are to be judged next. */

export interface WatchDeps {
  project: string;
  context: Context;
  related: (subject: Subject, at: number) => Evidence['related'];
  isSilent: (service: string, at: number, forMs: number) => boolean;
}

export interface SavedWatch {
  key: string;
  nextAt: number | null;
  probe: SavedProbe;
  rules: SavedRuleState[];
}

/** Late events come in numbers; an alert is amended at most so often. */
const amendEveryMs = 60_000;

export class Watch {
  readonly key: string;
  readonly probe: Probe;
  readonly rules: readonly RuleState[];
  readonly #deps: WatchDeps;
  #reader: SeriesReader | undefined;
  /** A multiple of the rules' step; infinite while there is nothing to judge. */
  nextAt: number;

  constructor(key: string, probe: Probe, rules: readonly RuleState[], deps: WatchDeps, nextAt: number) {
    this.key = key;
    this.probe = probe;
    this.rules = rules;
    this.#deps = deps;
    this.nextAt = nextAt;
  }

  static open(
    key: string,
    kind: Kind,
    rules: readonly RuleState[],
    deps: WatchDeps,
    saved?: SavedWatch,
  ): Watch {
    const [first] = rules;
    if (first === undefined) throw new Error('a watch without a rule');
    const probe = new Probe(kind, first.rule, saved?.probe);
    return new Watch(key, probe, rules, deps, saved?.nextAt ?? Number.POSITIVE_INFINITY);
  }

  /** What its series read now may mean something else to other rules. */
  withRules(rules: readonly RuleState[], watermark: number): Watch {
    const watch = new Watch(this.key, this.probe, rules, this.#deps, this.nextAt);
    watch.judgeAll(watermark);
    return watch;
  }

  take(all: readonly SeriesPartial[], watermark: number): void {
    for (const { key, cells } of all) {
      for (const cell of cells) {
        if (cell.step <= watermark) this.catchUp(watermark);
        const due = this.probe.take(key, cell);
        if (due !== undefined && due < this.nextAt) this.nextAt = due;
      }
    }
  }

  /** An event of the past, to fill its windows with. */
  warm(event: RecordedEvent, time: number): void {
    this.#reader ??= new SeriesReader(this.probe.kind, this.rules[0]?.rule as Rule);
    if (!this.#reader.types.includes(event.type as TelemetryType) || !this.#reader.hears(event)) return;
    const told = new SeriesList();
    this.#reader.read(event, time, told);
    this.take(told.all, Number.NEGATIVE_INFINITY);
  }

  /** Nothing is due up to there: what is shown to it next of that time only fills its windows, or comes late. */
  catchUp(watermark: number): void {
    const { everyMs } = this.probe;
    const at = Math.floor(watermark / everyMs) * everyMs;
    if (at > this.probe.at && at < this.nextAt) this.probe.advanceTo(at);
  }

  /** Each reading is judged at the next step, whether it changes or not. */
  judgeAll(watermark: number): void {
    this.catchUp(watermark);
    this.probe.touchAll();
    this.#schedule();
  }

  warmed(watermark: number): void {
    this.probe.forgetLate();
    this.judgeAll(watermark);
  }

  /** Time passes without a judgement: what was decided then is read from what was recorded. */
  pass(at: number): void {
    // A step that was recalled may be of a later time: a person's word does not wait for the events.
    if (at > this.probe.at) this.probe.advanceTo(at);
    for (const { alerts } of this.rules) {
      for (const [key, tracked] of alerts)
        alerts.set(key, { ...tracked, late: tracked.late + this.probe.lateOf(key) });
    }
    this.probe.settle();
    this.#schedule();
  }

  /** Takes an alert on as it was recorded; false when the rule is not of this watch. */
  recall(step: RecordedStep): boolean {
    const { rule: name, labels } = step.data;
    const state = this.rules.find(({ rule }) => rule.name === name);
    if (state === undefined) return false;
    this.catchUp(step.data.at);
    const key = this.probe.keyFrom(labels);
    keep(state, key, recalled(trackedOf(state, key, labels), step, state.rule));
    return true;
  }

  evaluate(at: number): Decision[] {
    this.probe.advanceTo(at);
    const changed = [...this.probe.changedKeys()];
    const decisions: Decision[] = [];
    for (const state of this.rules) {
      decisions.push(...this.#judgeHealth(state, at));
      for (const key of changed) decisions.push(...this.#judge(state, key, at));
      if (state.alerts.size === 0) continue;
      const known = new Set(changed);
      for (const key of [...state.alerts.keys()]) {
        if (!known.has(key)) decisions.push(...this.#judge(state, key, at));
      }
    }
    this.probe.settle();
    this.#schedule();
    return decisions;
  }

  #schedule(): void {
    const { at, everyMs } = this.probe;
    if (!Number.isFinite(at)) return;
    const open = this.rules.some(({ alerts }) => alerts.size > 0);
    this.nextAt = Math.max(
      at + everyMs,
      open ? at + everyMs : (this.probe.nextChange() ?? Number.POSITIVE_INFINITY),
    );
  }

  #judge(state: RuleState, key: string, at: number): Decision[] {
    const labels = this.probe.labelsOf(key) ?? state.alerts.get(key)?.labels;
    if (labels === undefined) return [];
    const { rule } = state;
    const reading = this.probe.read(key, rule);
    const verdict = this.#verdictOf(rule, labels, reading, at);
    if (!state.alerts.has(key) && staysAtRest(rule, verdict)) return [];
    const tracked = trackedOf(state, key, labels);
    const subject = { rule, project: this.#deps.project, labels };
    const { facts, alert } = decideAlert({ kind: 'evaluate', at, verdict }, tracked.alert, subject);
    const late = tracked.late + this.probe.lateOf(key);
    if (facts.length > 0) {
      const fires = facts.some(({ type }) => type === 'AlertFired');
      const firedOn = reading?.volume ?? 0;
      // Other steps say nothing of the window that it fired on.
      keep(
        state,
        key,
        fires ? { labels, alert, late: 0, amendedAt: at, firedOn } : { ...tracked, alert, late },
      );
      return this.#decisions(facts, subject, key, reading, tracked.alert.episode?.severity);
    }
    keep(state, key, { ...tracked, alert, late });
    return this.#amend(state, key, subject, at);
  }

  /** Late events may have changed the figures that it fired on: they are told anew, and what was decided stays. */
  #amend(state: RuleState, key: string, subject: Subject, at: number): Decision[] {
    const tracked = state.alerts.get(key);
    const episode = tracked?.alert.episode;
    if (tracked === undefined || episode?.fired === undefined || tracked.late === 0) return [];
    const { rule, labels } = subject;
    const isRemembered = at - episode.fired.at <= rule.windowMs;
    if (!isRemembered || at - tracked.amendedAt < amendEveryMs) return [];
    const { number: amends, at: firedAt } = episode.fired;
    const reading = this.probe.read(key, rule, firedAt);
    // They came for another window, or this measure does not remember earlier ones.
    if (reading === undefined || reading.volume <= tracked.firedOn) return [];
    const number = episode.steps + 1;
    const alert = { ...tracked.alert, episode: { ...episode, steps: number } };
    keep(state, key, { labels, alert, late: 0, amendedAt: at, firedOn: reading.volume });
    const why = { ...this.#why(subject, key, reading, at), details: this.probe.details(key, rule, firedAt) };
    const evidence = evidenceOf(rule, episode.severity, firedAt, why);
    const step = { episode: episode.id, rule: rule.name, ruleVersion: rule.version, labels, number, at };
    const data = { ...step, amends, lateEvents: tracked.late, evidence };
    return [stepDecision('AlertAmended', data, subject, { episode: episode.id, number, at })];
  }

  #verdictOf(rule: Rule, labels: Labels, reading: Reading | undefined, at: number): Verdict {
    const noData = (reason: DataReason): Verdict => ({ kind: 'no_data', reason });
    // Of what is counted, nothing is a figure like any other.
    if (isCount(rule.measure) && rule.minimumVolume === 0)
      return { kind: 'value', value: reading?.value ?? 0 };
    if (reading === undefined || reading.volume === 0) {
      const { service } = labels;
      const silent = service !== undefined && this.#deps.isSilent(service, at, rule.windowMs);
      return noData(silent ? 'source_silent' : 'no_traffic');
    }
    const { value, volume } = reading;
    if (value === undefined || volume < rule.minimumVolume) return noData('too_little');
    // Too few failures are as good as none: that they are few is something that is known.
    return { kind: 'value', value: (reading.failures ?? 0) < rule.minimumFailures ? 0 : value };
  }

  #decisions(
    facts: readonly Fact[],
    subject: Subject,
    key: string,
    reading: Reading | undefined,
    before: Severity | undefined,
  ): Decision[] {
    let severity = before ?? 'info';
    return facts.map((fact) => {
      if ('severity' in fact) severity = fact.severity;
      return decisionOf(fact, subject, severity, this.#why(subject, key, reading, fact.at));
    });
  }

  #why(subject: Subject, key: string, reading: Reading | undefined, at: number): Why {
    const { context, related } = this.#deps;
    const { rule, labels } = subject;
    const window = { from: at - rule.windowMs, to: at };
    return {
      reading,
      details: this.probe.details(key, rule),
      surroundings: { ...context.around(labels, window), related: related(subject, at) },
    };
  }

  /** A person's word on one of the alerts; undefined when the episode is not of this watch. */
  resolve(episode: string, by: string, at: number): Decision[] | undefined {
    for (const state of this.rules) {
      for (const [key, tracked] of state.alerts) {
        const present = tracked.alert.episode;
        if (present?.id !== episode) continue;
        const subject = { rule: state.rule, project: this.#deps.project, labels: tracked.labels };
        const { facts, alert } = decideAlert({ kind: 'resolve', at, by, episode }, tracked.alert, subject);
        keep(state, key, { ...tracked, alert });
        this.nextAt = Math.min(this.nextAt, this.probe.at + this.probe.everyMs);
        return this.#decisions(facts, subject, key, this.probe.read(key, state.rule), present.severity);
      }
    }
    return undefined;
  }

  /** Ends what a rule leaves open that is no more, or no more the same. */
  retired(facts: readonly Fact[], subject: Subject, before: Severity | undefined): Decision[] {
    return this.#decisions(facts, subject, '', undefined, before);
  }

  #judgeHealth(state: RuleState, at: number): Decision[] {
    const failing = this.probe.overflowed;
    if (failing === state.failing) return [];
    state.failing = failing;
    const { name: rule, version: ruleVersion } = state.rule;
    const { project } = this.#deps;
    const type = failing ? 'RuleEvaluationFailed' : 'RuleEvaluationRestored';
    const id = idFrom(JSON.stringify([type, project, rule, ruleVersion, at]));
    const about = { id, at, project, service: engineService };
    const event = failing
      ? eventOf('RuleEvaluationFailed', { rule, ruleVersion, at, reason: tooManySeries }, about)
      : eventOf('RuleEvaluationRestored', { rule, ruleVersion, at }, about);
    return [{ stream: `${rulesStream}-${rule}-${project}`, event }];
  }

  save(): SavedWatch {
    return {
      key: this.key,
      nextAt: Number.isFinite(this.nextAt) ? this.nextAt : null,
      probe: this.probe.save(),
      rules: this.rules.map(saveRuleState),
    };
  }
}

const isCount = ({ kind }: Rule['measure']): boolean =>
  ['requests', 'failed_requests', 'errors', 'logs', 'new_error'].includes(kind);

const tooManySeries =
  'There are more label values than can be followed; new ones are not judged. Group by fewer labels, or select less.';

import { isTelemetry } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import { asPosition } from '../../position.ts';
import { type Decision, eventOf } from '../processor/decision.ts';
import { reachOf } from '../processor/plan.ts';
import { AlertProcessor } from '../processor/processor.ts';
import type { ProjectProcessor } from '../processor/project.ts';
import type { RuleSet } from '../rule.ts';
import { Episodes } from './episodes.ts';
import { Notices } from './notices.ts';

/**
 * Shows a stretch of one project's events to a rule set and keeps what it decides. The processor is the one that runs live,
 * so that there is one answer to what a rule does.
 */

export interface ReplayOptions {
  project: string;
  ruleSet: RuleSet;
  from: number;
  /** Of those that could have been told; without any, nobody is. */
  channels: readonly string[];
  /** `passing`: where no event comes, time passes. `recorded`: only as far as the log says so, as it did live. */
  clock: 'passing' | 'recorded';
  /** Told of each decision as it is made, evidence and all. */
  decided?: (decision: Decision) => void;
}

const nowhere = asPosition('0');

/** How far back its windows need events. */
export const longestReach = ({ rules }: RuleSet): number => Math.max(0, ...rules.map(reachOf));

export class Replay {
  readonly ruleSet: RuleSet;
  readonly episodes: Episodes;
  readonly notices: Notices | undefined;
  readonly #processor: AlertProcessor;
  readonly #options: ReplayOptions;
  readonly #reach: number;
  #project: ProjectProcessor | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Events that came too late for every window. */
  tooLate = 0;

  constructor(options: ReplayOptions) {
    const { ruleSet, from, channels } = options;
    this.#options = options;
    this.ruleSet = ruleSet;
    this.#processor = new AlertProcessor({ rules: ruleSet });
    this.#reach = Math.max(0, ...ruleSet.rules.map(({ windowMs }) => windowMs));
    const steps = new Map(ruleSet.rules.map(({ name, everyMs }) => [name, everyMs]));
    this.episodes = new Episodes(from, (rule) => (steps.get(rule) ?? 0) + ruleSet.latenessMs);
    if (channels.length > 0) this.notices = new Notices(ruleSet.policy, channels);
  }

  /** Of the time before the stretch: windows are filled, and nothing is decided. */
  warm(event: RecordedEvent): void {
    if (!isTelemetry(event.type)) this.#hear(event);
    else {
      this.#processor.recall(event);
      this.#heardAt = event.recordedAt;
    }
  }

  /** The stretch begins: from here on it is decided, and what holds already is found at once. */
  begin(): void {
    const { project, from, clock } = this.#options;
    if (clock === 'passing' && Number.isFinite(this.#heardAt)) {
      const about = { id: '', at: from, project };
      const passed = eventOf('ClockAdvanced', { to: from - this.ruleSet.latenessMs }, about);
      this.#processor.recall({ ...passed, recordedAt: from, position: nowhere, stream: '' });
    }
    this.#processor.recalled();
  }

  observe(event: RecordedEvent): void {
    const { recordedAt } = event;
    if (event.type === 'ClockAdvanced' && this.#options.clock === 'passing') return;
    this.#passTo(recordedAt);
    const isOfPrograms = isTelemetry(event.type);
    if (isOfPrograms) this.#noteDelay(event);
    else this.#hear(event);
    this.#take(this.#processor.observe(event), recordedAt);
    if (isOfPrograms) this.#heardAt = recordedAt;
  }

  /** What people said and did at the time: it changes who was told what. */
  #hear(event: RecordedEvent): void {
    if (isSaying(event)) this.notices?.take(event);
  }

  /** Up to the end of the stretch. */
  end(at: number): void {
    this.#passTo(at);
    this.notices?.passTo(at);
  }

  #noteDelay(event: RecordedEvent): void {
    if (this.#project === undefined || event.recordedAt - event.occurredAt < this.#reach) return;
    if (event.occurredAt <= this.#project.watermark - this.#reach) this.tooLate++;
  }

  /** What is due in a time without traffic is decided when it is due, not when the next event comes. */
  #passTo(now: number): void {
    const { latenessMs, idleMs } = this.ruleSet;
    if (this.#options.clock === 'recorded') return;
    // Live it is ended soon after it is over, though no event comes.
    const { beatEndsAt } = this.#processor;
    if (beatEndsAt !== undefined && beatEndsAt <= now) this.#take(this.#processor.endBeat(), beatEndsAt);
    if (now - this.#heardAt <= latenessMs) return;
    this.#project ??= this.#processor.projects.get(this.#options.project);
    const project = this.#project;
    if (project === undefined) return;
    // Live, nothing is recorded of time that passes before the events are taken as complete.
    let at = this.#heardAt + latenessMs;
    for (let due = project.nextAt; due <= now - latenessMs; due = project.nextAt) {
      at = Math.max(at, due + latenessMs);
      this.#take(project.advanceClock(due, at), at);
      if (project.nextAt !== due) continue;
      // Sources that still count as sending hold it back until they do not any more.
      at = Math.max(at, this.#heardAt + idleMs);
      if (at > now) return;
      this.#take(project.advanceClock(due, at), at);
      if (project.nextAt === due) return;
    }
  }

  #take(decisions: readonly Decision[], now: number): void {
    if (decisions.length === 0) return;
    for (const decision of decisions) {
      this.episodes.take(decision);
      this.#options.decided?.(decision);
    }
    this.notices?.decide(decisions, now);
  }
}

const isSaying = ({ type }: RecordedEvent): boolean =>
  type === 'SilenceCreated' ||
  type === 'SilenceEnded' ||
  type === 'AlertAcknowledged' ||
  type === 'AlertJudged';

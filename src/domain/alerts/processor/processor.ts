import type { EventType } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { RuleSet } from '../rule.ts';
import { restoreRules } from '../rules/read.ts';
import type { Decision } from './decision.ts';
import { createFaultReader } from './faults.ts';
import { ProjectProcessor, type SavedProject } from './project.ts';

/**
 * Decides alerts from the log. What it decides follows from the events that it was shown and their order alone, so that
 * it can be stopped anywhere, restored, and shown the same events again, live or years later.
 */

export interface SavedProcessor {
  /** The rules in force, as their event gave them. */
  rules: { text: string; versions: Readonly<Record<string, number>> } | null;
  lastRecordedAt: number | null;
  projects: [name: string, saved: SavedProject][];
}

/** They say nothing of whether events could come in. */
const recordedWhileStarting: ReadonlySet<EventType> = new Set(['RulesChanged', 'KeyIssued', 'KeyRevoked']);

const noRules: RuleSet = {
  rules: [],
  policy: { routes: [], inhibit: [], mute: [], flapping: { firings: 5, windowMs: 3_600_000 } },
  latenessMs: 500,
  idleMs: 5_000,
};

export class AlertProcessor {
  readonly #readFault = createFaultReader();
  readonly #projects = new Map<string, ProjectProcessor>();
  readonly #fixed: boolean;
  #ruleSet: RuleSet = noRules;
  #rules: SavedProcessor['rules'] = null;
  /** Since the last warming: only then a window can be cold. */
  #rulesAreNew = false;
  #lastRecordedAt = Number.NaN;

  /** With rules given, those of the log are not followed: that is how others are tried on it. */
  constructor(options: { rules?: RuleSet; saved?: SavedProcessor } = {}) {
    const { rules, saved } = options;
    this.#fixed = rules !== undefined;
    if (rules !== undefined) this.#ruleSet = rules;
    if (saved === undefined) return;
    this.#lastRecordedAt = saved.lastRecordedAt ?? Number.NaN;
    if (saved.rules !== null && !this.#fixed) this.#adopt(saved.rules);
    for (const [name, project] of saved.projects) {
      this.#projects.set(name, new ProjectProcessor(name, this.#ruleSet, this.#readFault, project));
    }
  }

  get ruleSet(): RuleSet {
    return this.#ruleSet;
  }

  observe(event: RecordedEvent): Decision[] {
    const decisions = this.take(event);
    while (this.isDue(event.project)) decisions.push(...this.judgeNext(event.project));
    return decisions;
  }

  /** As `observe`, as long as `judgeNext` is called until nothing is due before the next event is shown. */
  take(event: RecordedEvent): Decision[] {
    const decisions = this.#take(event);
    this.#note(event);
    return decisions;
  }

  isDue(project: string): boolean {
    return this.#projects.get(project)?.isDue === true;
  }

  /** One step, so that others can have their turn in between. */
  judgeNext(project: string): Decision[] {
    return this.#projects.get(project)?.judgeNext() ?? [];
  }

  #take(event: RecordedEvent): Decision[] {
    if (event.type === 'RulesChanged') return this.#changeRules(event);
    if (event.type === 'EngineStarted') return this.#restarted(event);
    return this.#projectOf(event.project).take(event);
  }

  /** Takes in what was decided on before; see `ProjectProcessor.recall`. */
  recall(event: RecordedEvent): void {
    if (event.type === 'RulesChanged') this.#changeRules(event);
    else if (event.type === 'EngineStarted') this.#restarted(event);
    else this.#projectOf(event.project).recall(event);
    this.#note(event);
  }

  #note({ type, recordedAt }: RecordedEvent): void {
    if (!recordedWhileStarting.has(type)) this.#lastRecordedAt = recordedAt;
  }

  /** The recalling is over. */
  recalled(): void {
    for (const project of this.#projects.values()) project.recalled();
  }

  #projectOf(name: string): ProjectProcessor {
    const known = this.#projects.get(name);
    if (known !== undefined) return known;
    const fresh = new ProjectProcessor(name, this.#ruleSet, this.#readFault);
    this.#projects.set(name, fresh);
    return fresh;
  }

  /** Between the last event before and the start, the engine was away, or had nothing to record. */
  #restarted({ recordedAt }: RecordedEvent): Decision[] {
    const forMs = recordedAt - this.#lastRecordedAt;
    if (forMs > 0) for (const project of this.#projects.values()) project.deaf(forMs);
    return [];
  }

  #changeRules(event: RecordedEvent<'RulesChanged'>): Decision[] {
    if (this.#fixed) return [];
    const { text, versions } = event.data;
    this.#rulesAreNew = true;
    this.#adopt({ text, versions });
    return [...this.#projects.values()].flatMap((project) => project.setRules(this.#ruleSet));
  }

  /** They were read when they were recorded; a newer engine that reads them otherwise keeps to what it has. */
  #adopt(rules: NonNullable<SavedProcessor['rules']>): void {
    const read = restoreRules(rules.text, rules.versions);
    if (read.kind === 'read') this.#ruleSet = read.ruleSet;
    this.#rules = rules;
  }

  /** See `ProjectProcessor.coldSince`. */
  get coldSince(): number | undefined {
    // Asked after every event.
    if (!this.#rulesAreNew) return undefined;
    const times = [...this.#projects.values()].flatMap(({ coldSince }) => coldSince ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What was shown for warming is forgotten: it is going to be shown from the beginning. */
  cool(): void {
    for (const project of this.#projects.values()) project.cool();
  }

  warm(event: RecordedEvent): void {
    this.#projects.get(event.project)?.warm(event);
  }

  warmed(): void {
    this.#rulesAreNew = false;
    for (const project of this.#projects.values()) project.warmed();
  }

  /** Label sets that are followed, over all rules. */
  get series(): number {
    let count = 0;
    for (const project of this.#projects.values()) count += project.series;
    return count;
  }

  /** Events that came too late for the windows of a rule, over all rules. */
  get tooLate(): number {
    let count = 0;
    for (const project of this.#projects.values()) count += project.tooLate;
    return count;
  }

  get projects(): ReadonlyMap<string, ProjectProcessor> {
    return this.#projects;
  }

  save(): SavedProcessor {
    return {
      rules: this.#rules,
      lastRecordedAt: Number.isFinite(this.#lastRecordedAt) ? this.#lastRecordedAt : null,
      projects: [...this.#projects].map(([name, project]) => [name, project.save()]),
    };
  }

  /** A project as it stands, to look ahead in: what becomes of it changes nothing here. */
  shadowOf(name: string): ProjectProcessor | undefined {
    const project = this.#projects.get(name);
    if (project === undefined) return undefined;
    return new ProjectProcessor(name, this.#ruleSet, this.#readFault, structuredClone(project.save()));
  }
}

import { isTelemetry } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import { BeatReader, ruleSetOf, type SavedBeat } from '../beats/beatReader.ts';
import { type ControlEvent, joined, type ProjectPartial, type Slice } from '../beats/partial.ts';
import type { RuleSet } from '../rule.ts';
import type { Decision } from './decision.ts';
import { createFaultReader } from './faults.ts';
import { ProjectProcessor, type SavedProject } from './project.ts';

/**
 * Decides alerts from the log. What it decides follows from the events that it was shown and their order alone, so that
 * it can be stopped anywhere, restored, and shown the same events again, live or years later. It is shown the events
 * themselves, or what readers of parts of the log have made of them; both ways it comes to the same.
 */

export interface SavedProcessor {
  /** The rules in force, as their event gave them. */
  rules: { text: string; versions: Readonly<Record<string, number>> } | null;
  lastRecordedAt: number | null;
  projects: [name: string, saved: SavedProject][];
  open: SavedBeat | null;
}

const noRules: RuleSet = {
  rules: [],
  policy: { routes: [], inhibit: [], mute: [], flapping: { firings: 5, windowMs: 3_600_000 } },
  latenessMs: 500,
  idleMs: 5_000,
};

const unheard = { watermark: Number.NEGATIVE_INFINITY, leader: Number.NEGATIVE_INFINITY };

export class AlertProcessor {
  readonly #readFault = createFaultReader();
  readonly #projects = new Map<string, ProjectProcessor>();
  readonly #fixed: boolean;
  #ruleSet: RuleSet = noRules;
  #rules: SavedProcessor['rules'] = null;
  /** Since the last warming: only then a window can be cold. */
  #rulesAreNew = false;
  #lastRecordedAt = Number.NEGATIVE_INFINITY;
  readonly #reader: BeatReader;
  /** The project that is being judged. */
  #due: ProjectProcessor | undefined;
  /** What is to be taken in when nothing is due any more. */
  readonly #waiting: (ProjectPartial | ControlEvent)[] = [];

  /** With rules given, those of the log are not followed: that is how others are tried on it. */
  constructor(options: { rules?: RuleSet; saved?: SavedProcessor } = {}) {
    const { rules, saved } = options;
    this.#fixed = rules !== undefined;
    if (rules !== undefined) this.#ruleSet = rules;
    if (saved !== undefined && saved.rules !== null && !this.#fixed) this.#adopt(saved.rules);
    const fixed = this.#fixed;
    this.#reader = new BeatReader({ ruleSet: this.#ruleSet, fixed, readFault: this.#readFault }, saved?.open);
    if (saved === undefined) return;
    this.#lastRecordedAt = saved.lastRecordedAt ?? Number.NEGATIVE_INFINITY;
    for (const [name, project] of saved.projects) {
      this.#projects.set(name, new ProjectProcessor(name, this.#ruleSet, this.#readFault, project));
    }
  }

  get ruleSet(): RuleSet {
    return this.#ruleSet;
  }

  observe(event: RecordedEvent): Decision[] {
    return [...this.take(event), ...this.#judgeAll()];
  }

  /** As `observe`, as long as `judgeNext` is called until nothing is due before the next event is shown. */
  take(event: RecordedEvent): Decision[] {
    for (const slice of this.#reader.read(event)) this.#wait(slice);
    return this.#proceed();
  }

  /** What all readers together have read up to the same place; see `take`. */
  takeSlice(slice: Slice): Decision[] {
    this.#wait(slice);
    return this.#proceed();
  }

  /** No event comes in it any more, as far as one can know: what it has told is judged. */
  endBeat(): Decision[] {
    return [...this.takeSlice(this.#reader.end()), ...this.#judgeAll()];
  }

  /** When the beat is over that has been begun; undefined when there is nothing in it. */
  get beatEndsAt(): number | undefined {
    return this.#reader.endsAt;
  }

  #wait({ heardAt, projects, control }: Slice): void {
    if (heardAt !== null) this.#note(heardAt);
    this.#waiting.push(...joined(projects));
    if (control !== undefined) this.#waiting.push(control);
  }

  #proceed(): Decision[] {
    const decisions: Decision[] = [];
    while (!this.isDue) {
      const next = this.#waiting.shift();
      if (next === undefined) return decisions;
      if ('type' in next) decisions.push(...this.#obey(next));
      else this.#takeBeat(next);
    }
    return decisions;
  }

  get isDue(): boolean {
    return this.#due !== undefined;
  }

  /** One step, so that others can have their turn in between. */
  judgeNext(): Decision[] {
    const project = this.#due;
    // One that fails holds up no other; what is due in it is so again with its next beat.
    this.#due = undefined;
    if (project === undefined) return [];
    const decisions = project.judgeNext();
    if (project.isDue) this.#due = project;
    return this.isDue ? decisions : [...decisions, ...this.#proceed()];
  }

  #judgeAll(): Decision[] {
    const decisions: Decision[] = [];
    while (this.isDue) decisions.push(...this.judgeNext());
    return decisions;
  }

  #takeBeat(partial: ProjectPartial): void {
    const project = this.#projectOf(partial.project);
    project.takeBeat(partial);
    if (project.isDue) this.#due = project;
  }

  #obey(event: ControlEvent): Decision[] {
    if (event.type === 'RulesChanged') return this.#changeRules(event);
    if (event.type === 'EngineStarted') return this.#restarted(event);
    const project = this.#projectOf(event.project);
    const decisions = project.take(event);
    this.#note(event.recordedAt);
    if (project.isDue) this.#due = project;
    return decisions;
  }

  /** Takes in what was decided on before; see `ProjectProcessor.recall`. */
  recall(event: RecordedEvent): void {
    for (const { heardAt, projects, control } of this.#reader.read(event)) {
      if (heardAt !== null) this.#note(heardAt);
      for (const partial of projects) this.#projectOf(partial.project).recallBeat(partial);
      if (control?.type === 'RulesChanged') this.#changeRules(control);
      else if (control?.type === 'EngineStarted') this.#restarted(control);
    }
    const { type } = event;
    if (isTelemetry(type) || type === 'RulesChanged' || type === 'EngineStarted') return;
    this.#projectOf(event.project).recall(event);
  }

  #note(recordedAt: number): void {
    this.#lastRecordedAt = Math.max(this.#lastRecordedAt, recordedAt);
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
    const isKnown = Number.isFinite(forMs) && forMs > 0;
    if (isKnown) for (const project of this.#projects.values()) project.deaf(forMs);
    this.#note(recordedAt);
    return [];
  }

  #changeRules(event: RecordedEvent<'RulesChanged'>): Decision[] {
    if (this.#fixed) return [];
    const { text, versions } = event.data;
    this.#rulesAreNew = true;
    this.#adopt({ text, versions });
    return [...this.#projects.values()].flatMap((project) => project.setRules(this.#ruleSet));
  }

  #adopt(rules: NonNullable<SavedProcessor['rules']>): void {
    this.#ruleSet = ruleSetOf(rules) ?? this.#ruleSet;
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

  /** All that have sent something, if only just now. */
  get names(): Iterable<string> {
    return new Set([...this.#projects.keys(), ...this.#reader.openProjects.keys()]);
  }

  /** When the last event of a project was recorded. */
  heardAt(name: string): number {
    const before = this.#projects.get(name)?.lastRecordedAt ?? Number.NEGATIVE_INFINITY;
    return Math.max(before, this.#reader.openProjects.get(name)?.heardAt ?? before);
  }

  /** Nothing falls due in a project before that time, whatever its beat has told so far. */
  nextAt(name: string): number {
    const next = this.#projects.get(name)?.nextAt ?? Number.POSITIVE_INFINITY;
    return Math.min(next, this.#reader.openProjects.get(name)?.step ?? next);
  }

  /** Whether something may have fallen due in a project that is judged when its beat is over. */
  isPending(name: string): boolean {
    const open = this.#reader.openProjects.get(name);
    if (open === undefined) return false;
    const { watermark, leader } = this.#projects.get(name) ?? unheard;
    const reached = Math.max(watermark, Math.max(leader, open.newest) - this.#ruleSet.latenessMs);
    return this.nextAt(name) <= reached;
  }

  get projects(): ReadonlyMap<string, ProjectProcessor> {
    return this.#projects;
  }

  save(): SavedProcessor {
    const heardAt = Math.max(this.#lastRecordedAt, this.#reader.heardAt ?? Number.NEGATIVE_INFINITY);
    return {
      rules: this.#rules,
      lastRecordedAt: Number.isFinite(heardAt) ? heardAt : null,
      projects: [...this.#projects].map(([name, project]) => [name, project.save()]),
      open: this.#reader.endsAt === undefined ? null : this.#reader.save(),
    };
  }

  /** A project as it would stand if its beat were over, to look ahead in: what becomes of it changes nothing here. */
  shadowOf(name: string): ProjectProcessor | undefined {
    const project = this.#projects.get(name);
    const open = this.#reader.copyOf(name);
    if (project === undefined && open === undefined) return undefined;
    const saved = project && structuredClone(project.save());
    const shadow = new ProjectProcessor(name, this.#ruleSet, this.#readFault, saved);
    if (open !== undefined) shadow.takeBeat(open);
    return shadow;
  }
}

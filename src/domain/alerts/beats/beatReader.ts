import { type EventData, type EventType, isTelemetry } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import { SeriesReader } from '../measures/seriesReader.ts';
import type { ReadFault } from '../processor/faults.ts';
import { kindFor, planWatches } from '../processor/plan.ts';
import type { Rule, RuleSet } from '../rule.ts';
import { restoreRules } from '../rules/read.ts';
import { OpenService, type WatchReader } from './openService.ts';
import { type ControlEvent, isControl, joined, type ProjectPartial, type Slice } from './partial.ts';

/**
 * Reads events into slices. A beat is a stretch of recording time; as that never goes back, it is a stretch of the log as
 * well, wherever that is cut into parts. Within a beat the order between services is lost: alerts are decided between
 * beats alone.
 */

/** Short beside all that an alert has to wait for anyhow. */
export const beatMs = 100;

const beatOf = (recordedAt: number): number => Math.floor(recordedAt / beatMs);

/** What has been read of a beat that is not over. */
export interface SavedBeat {
  beat: number;
  cut: number;
  heardAt: number | null;
  projects: ProjectPartial[];
}

/** They say nothing of whether events could come in. */
const recordedWhileStarting: ReadonlySet<EventType> = new Set(['RulesChanged', 'KeyIssued', 'KeyRevoked']);

interface OpenProject {
  services: Map<string, OpenService>;
  newest: number;
  heardAt: number;
  /** The earliest step that it tells something of. */
  step: number;
}

export interface BeatReaderOptions {
  ruleSet: RuleSet;
  /** Whether those of the log are not followed. */
  fixed: boolean;
  readFault: ReadFault;
}

/** They were read when they were recorded; undefined for a newer engine that reads them otherwise. */
export function ruleSetOf({ text, versions }: Pick<EventData<'RulesChanged'>, 'text' | 'versions'>) {
  const read = restoreRules(text, versions);
  return read.kind === 'read' ? read.ruleSet : undefined;
}

const none: readonly Slice[] = [];

export class BeatReader {
  readonly #readFault: ReadFault;
  readonly #fixed: boolean;
  #byType: ReadonlyMap<EventType, readonly WatchReader[]> = new Map();
  readonly #open = new Map<string, OpenProject>();
  #beat = Number.NEGATIVE_INFINITY;
  #cut = 0;
  #heardAt: number | null = null;

  constructor({ ruleSet, fixed, readFault }: BeatReaderOptions, saved?: SavedBeat | null) {
    this.#readFault = readFault;
    this.#fixed = fixed;
    this.#use(ruleSet);
    if (saved === undefined || saved === null) return;
    this.#beat = saved.beat;
    this.#cut = saved.cut;
    this.#heardAt = saved.heardAt;
    for (const { project, services } of saved.projects) {
      const open = this.#openOf(project);
      for (const partial of services) {
        open.services.set(partial.service, new OpenService(partial.service, readFault, partial));
        open.newest = Math.max(open.newest, partial.newest);
        open.heardAt = Math.max(open.heardAt, partial.heardAt);
        for (const [, series] of partial.series)
          for (const { cells } of series) for (const { step } of cells) open.step = Math.min(open.step, step);
      }
    }
  }

  #use({ rules }: RuleSet): void {
    const byType = new Map<EventType, WatchReader[]>();
    for (const { key, rules: sharing } of planWatches(rules)) {
      const rule = sharing[0] as Rule;
      const reader = new SeriesReader(kindFor(rule, this.#readFault), rule);
      for (const type of reader.types) byType.set(type, [...(byType.get(type) ?? []), { key, reader }]);
    }
    this.#byType = byType;
  }

  /** The slices that end before the event or with it. */
  read(event: RecordedEvent): readonly Slice[] {
    const beat = beatOf(event.recordedAt);
    const before = beat > this.#beat ? this.#enter(beat) : none;
    if (isControl(event)) return [...before, this.#cutAt(event)];
    if (!recordedWhileStarting.has(event.type)) this.#heardAt = event.recordedAt;
    if (isTelemetry(event.type)) this.#readIn(event);
    return before;
  }

  /** As far as there is one, everything before that time has been read. */
  pass(time: number): readonly Slice[] {
    const beat = beatOf(time);
    return beat > this.#beat ? this.#enter(beat) : none;
  }

  #enter(beat: number): readonly Slice[] {
    // Who begins here has nothing to tell of before, and says so.
    if (this.#beat === Number.NEGATIVE_INFINITY) this.#beat = beat - 1;
    const slice = this.#slice(beat - 1, [...this.#open.keys()]);
    this.#beat = beat;
    this.#cut = 0;
    return [slice];
  }

  /** Of the beat so far, which is then as good as over. */
  end(): Slice {
    return this.#slice(this.#beat - 1, [...this.#open.keys()]);
  }

  /** One that concerns a project alone leaves the beat of the others as it is. */
  #cutAt(control: ControlEvent): Slice {
    const { type, project } = control;
    const concernsAll = type === 'RulesChanged' || type === 'EngineStarted';
    const slice = this.#slice(this.#beat - 1, concernsAll ? [...this.#open.keys()] : [project]);
    this.#cut += 1;
    // Nothing is open now that was read for others.
    const ruleSet = type === 'RulesChanged' && !this.#fixed ? ruleSetOf(control.data) : undefined;
    if (ruleSet !== undefined) this.#use(ruleSet);
    return { ...slice, control };
  }

  #slice(through: number, names: readonly string[]): Slice {
    const projects = joined(names.flatMap((name) => this.#partialOf(name) ?? []));
    for (const name of names) this.#open.delete(name);
    const { beat, cut, heardAt } = { beat: this.#beat, cut: this.#cut, heardAt: this.#heardAt };
    return { beat, through, cut, heardAt, projects };
  }

  #partialOf(project: string): ProjectPartial | undefined {
    const open = this.#open.get(project);
    return open && { project, services: [...open.services.values()].map((service) => service.partial()) };
  }

  #openOf(project: string): OpenProject {
    const known = this.#open.get(project);
    if (known !== undefined) return known;
    const [newest, heardAt] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const fresh = { services: new Map(), newest, heardAt, step: Number.POSITIVE_INFINITY };
    this.#open.set(project, fresh);
    return fresh;
  }

  #readIn(event: RecordedEvent): void {
    // A clock that goes ahead must not make others' events late.
    const time = Math.min(event.occurredAt, event.recordedAt);
    const open = this.#openOf(event.project);
    let service = open.services.get(event.service);
    if (service === undefined) {
      service = new OpenService(event.service, this.#readFault);
      open.services.set(event.service, service);
    }
    const step = service.read(event, time, this.#byType.get(event.type) ?? []);
    if (time > open.newest) open.newest = time;
    open.heardAt = event.recordedAt;
    if (step < open.step) open.step = step;
  }

  /** When the beat that has been begun is over; undefined when nothing has been read of it. */
  get endsAt(): number | undefined {
    return this.#open.size === 0 ? undefined : (this.#beat + 1) * beatMs;
  }

  /** When the last event was recorded that tells of a running engine. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  get openProjects(): ReadonlyMap<string, Readonly<Omit<OpenProject, 'services'>>> {
    return this.#open;
  }

  /** A copy of what has been read of a project. */
  copyOf(project: string): ProjectPartial | undefined {
    const partial = this.#partialOf(project);
    return partial && structuredClone(joined([partial])[0]);
  }

  save(): SavedBeat | null {
    if (this.#beat === Number.NEGATIVE_INFINITY) return null;
    const projects = [...this.#open.keys()].flatMap((name) => this.copyOf(name) ?? []);
    return { beat: this.#beat, cut: this.#cut, heardAt: this.#heardAt, projects };
  }
}

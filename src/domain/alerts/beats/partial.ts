import type { RecordedEvent } from '../../events/envelope.ts';
import type { SeriesPartial } from '../measures/seriesReader.ts';
import type { AroundPartial } from './around.ts';

/**
 * What the events of a stretch of the log come to, for whoever decides alerts: plain data that goes to JSON and back.
 * A service is read in one place, so that what is told of it does not depend on how many places there are.
 */
export interface ServicePartial {
  service: string;
  /** The newest time that it has sent. */
  newest: number;
  /** When the last of its events was recorded. */
  heardAt: number;
  /** By the keys of the watches that these are for. */
  series: [watch: string, series: SeriesPartial[]][];
  around: AroundPartial;
}

export interface ProjectPartial {
  project: string;
  services: ServicePartial[];
}

/**
 * What one reader has read up to the end of a beat, or to an event within it that changes what is decided. Every reader
 * is shown those, so that the slices of all readers end at the same places.
 */
export interface Slice {
  beat: number;
  /** The last beat that the reader has seen the end of. */
  through: number;
  /** Which one of its beat. */
  cut: number;
  /** When the last event was recorded that tells of a running engine. */
  heardAt: number | null;
  projects: ProjectPartial[];
  control?: ControlEvent;
}

const controls = ['RulesChanged', 'EngineStarted', 'ClockAdvanced', 'AlertResolutionRequested'] as const;
export type ControlEvent = RecordedEvent<(typeof controls)[number]>;

const controlTypes: ReadonlySet<string> = new Set(controls);

export const isControl = (event: RecordedEvent): event is ControlEvent => controlTypes.has(event.type);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** As one reader of all would have told it. */
export function joined(partials: readonly ProjectPartial[]): ProjectPartial[] {
  const all = new Map<string, ServicePartial[]>();
  for (const { project, services } of partials) {
    const known = all.get(project);
    if (known === undefined) all.set(project, [...services]);
    else known.push(...services);
  }
  return [...all]
    .sort(([a], [b]) => byText(a, b))
    .map(([project, services]) => ({
      project,
      services: services.sort((a, b) => byText(a.service, b.service)),
    }));
}

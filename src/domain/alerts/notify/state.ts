import { z } from 'zod';
import { labelsText } from '../identity.ts';
import { matchOperators, severities } from '../rule.ts';

/**
 * All that is known for deciding who is told what. It follows from the recorded events alone, is plain data, and goes to
 * JSON and back unchanged. Times are when the log took an event, unless they say otherwise.
 */

const time = z.number();
const labels = z.record(z.string(), z.string());
const severity = z.enum(severities);
/** What tells that a notification has arrived. */
const receipt = { notification: z.string(), delivered: z.boolean() };

/** What a channel was last told of an episode. */
const told = z.strictObject({ ...receipt, severity, resolved: z.boolean(), at: time });

const episode = z.strictObject({
  episode: z.string(),
  project: z.string(),
  rule: z.string(),
  labels,
  ruleLabels: labels,
  severity,
  state: z.enum(['firing', 'recovering', 'resolved']),
  title: z.string(),
  quiet: z.boolean(),
  /** In the events' own time, for people. */
  since: time,
  firedAt: time,
  /** When the severity last changed, and when it last rose. */
  changedAt: time,
  raisedAt: time,
  resolvedAt: time.optional(),
  /** It covers the alert up to the severity that it had then. */
  acknowledged: z.strictObject({ by: z.string(), severity }).optional(),
  verdict: z.enum(['noise', 'duplicate']).optional(),
  told: z.record(z.string(), told),
  requestedAt: time.optional(),
  deliveredAt: time.optional(),
  /** How many escalations each channel has had. */
  escalated: z.record(z.string(), z.number()),
  /** What has been recorded as withheld, and why. */
  withheld: z.array(z.string()),
});

const flap = z.strictObject({
  startedAt: time,
  told: z.record(z.string(), z.strictObject({ ...receipt, severity, calmed: z.boolean() })),
});

/** All episodes of one rule and one set of labels. */
const series = z.strictObject({
  /** In the events' own time, so that history that comes in late does not look like flapping. */
  firings: z.array(time),
  changedAt: time,
  latest: z.string(),
  flap: flap.optional(),
});

/** The notifications of one kind to one channel about one group, one after the other. */
const lane = z.strictObject({ last: z.string(), at: time });

const silence = z.strictObject({
  silence: z.string(),
  project: z.string(),
  matchers: z.array(
    z.strictObject({ label: z.string(), operator: z.enum(matchOperators), value: z.string() }),
  ),
  from: time,
  until: time,
  by: z.string(),
  comment: z.string(),
  endedAt: time.optional(),
});

const saved = z.strictObject({
  version: z.literal(1),
  episodes: z.array(episode),
  series: z.array(z.tuple([z.string(), series])),
  lanes: z.array(z.tuple([z.string(), lane])),
  silences: z.array(silence),
  generation: z.number(),
  sweptAt: time,
});

export type Told = z.infer<typeof told>;
export type Episode = z.infer<typeof episode>;
export type Series = z.infer<typeof series>;
export type Silence = z.infer<typeof silence>;
export type SavedPlanner = z.infer<typeof saved>;

export interface PlannerState {
  episodes: Map<string, Episode>;
  series: Map<string, Series>;
  /** The one that was longest not used first. */
  lanes: Map<string, z.infer<typeof lane>>;
  silences: Map<string, Silence>;
  /** Counts the lanes that were forgotten, so that one that comes up again gives other ids than it did before. */
  generation: number;
  sweptAt: number;
}

export const emptyState = (): PlannerState => ({
  episodes: new Map(),
  series: new Map(),
  lanes: new Map(),
  silences: new Map(),
  generation: 0,
  sweptAt: 0,
});

export const saveState = (state: PlannerState): SavedPlanner =>
  structuredClone({
    version: 1 as const,
    episodes: [...state.episodes.values()],
    series: [...state.series],
    lanes: [...state.lanes],
    silences: [...state.silences.values()],
    generation: state.generation,
    sweptAt: state.sweptAt,
  });

/** Undefined when this version did not save it: the log then has to be read again. */
export function loadState(json: unknown): PlannerState | undefined {
  const { data } = saved.safeParse(json);
  if (data === undefined) return undefined;
  return {
    episodes: new Map(data.episodes.map((one) => [one.episode, one])),
    series: new Map(data.series),
    lanes: new Map(data.lanes),
    silences: new Map(data.silences.map((one) => [one.silence, one])),
    generation: data.generation,
    sweptAt: data.sweptAt,
  };
}

export const seriesOf = ({ project, rule, labels }: Pick<Episode, 'project' | 'rule' | 'labels'>): string =>
  JSON.stringify([project, rule, labelsText(labels)]);

import { flapStage } from './flapping.ts';
import { isCovered, type Moment } from './moment.ts';
import { silenceState } from './silences.ts';
import { type Episode, type PlannerState, type Silence, seriesOf } from './state.ts';

/** An alert that has fired, with what holds back its notifications. */
export interface EpisodeStanding
  extends Pick<
    Episode,
    'episode' | 'project' | 'rule' | 'labels' | 'severity' | 'state' | 'title' | 'quiet' | 'since'
  > {
  resolvedAt?: number;
  /** Absent when no route takes it. */
  route?: string;
  acknowledgedBy?: string;
  /** False when it has become more severe since. */
  acknowledged: boolean;
  silencedBy?: string;
  inhibitedBy?: { name: string; episode: string };
  mutedBy?: string;
  flapping: boolean;
  verdict?: 'noise' | 'duplicate';
  /** The channels that were told of it. */
  told: string[];
}

export interface SilenceStanding extends Omit<Silence, 'endedAt'> {
  state: 'pending' | 'active' | 'expired';
  endedAt?: number;
}

export const episodesAt = (moment: Moment): EpisodeStanding[] =>
  [...moment.state.episodes.values()].map((episode) => standingOf(episode, moment));

function standingOf(episode: Episode, moment: Moment): EpisodeStanding {
  const { routing, state, now } = moment;
  const place = routing.placeOf(episode);
  const open = episode.state !== 'resolved';
  const series = state.series.get(seriesOf(episode));
  const { resolvedAt, verdict, acknowledged } = episode;
  const { project, rule, labels, severity, title, quiet, since } = episode;
  return {
    ...{
      episode: episode.episode,
      project,
      rule,
      labels,
      severity,
      state: episode.state,
      title,
      quiet,
      since,
    },
    acknowledged: isCovered(episode),
    flapping: flapStage(series, '', now, routing.flapping).kind === 'held',
    told: Object.keys(episode.told).sort(),
    ...present({
      resolvedAt,
      verdict,
      route: place?.route.name,
      acknowledgedBy: acknowledged?.by,
      silencedBy: open ? moment.silencedBy(routing.labelsOf(episode), project) : undefined,
      inhibitedBy: open ? moment.inhibitions.by(episode) : undefined,
      mutedBy: place && moment.mutedBy(place),
    }),
  };
}

export const silencesAt = (state: PlannerState, now: number): SilenceStanding[] =>
  [...state.silences.values()].map(({ endedAt, ...one }) => ({
    ...one,
    state: silenceState({ endedAt, ...one }, now),
    ...present({ endedAt }),
  }));

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

import type { notificationReasons } from '../../events/alerts.ts';
import { rankOf } from '../rule.ts';
import { nextEscalation } from './escalation.ts';
import { breaksThrough, type FlapStage, flapStage } from './flapping.ts';
import { type Moment, type Withholding, withholding } from './moment.ts';
import type { Place } from './routing.ts';
import { type Episode, type Series, seriesOf, type Told } from './state.ts';

export type Reason = (typeof notificationReasons)[number];

/** What one channel could be told about one episode. */
export interface News {
  episode: Episode;
  place: Place;
  channel: string;
  reason: Reason;
  /** When it has waited for others of its group for long enough. */
  readyAt: number;
  /** From then on it waits for nothing, however lately the group was told of something. */
  urgentAt?: number;
  /** Worth no notification of its own; others of the group take it along. */
  along?: true;
  withheld?: Withholding;
}

type Draft = Pick<News, 'reason' | 'readyAt' | 'urgentAt' | 'along'>;

/** At most one for the alert itself and one for its escalation. */
export function newsOf(episode: Episode, moment: Moment): News[] {
  const place = moment.routing.placeOf(episode);
  if (place === undefined) return [];
  const series = moment.state.series.get(seriesOf(episode));
  const steps = place.escalations.flatMap(({ channels }) => channels);
  const channels = new Set([...place.channels, ...Object.keys(episode.told), ...steps]);
  return [...channels].sort().flatMap((channel) => {
    if (!moment.routing.hasChannel(channel)) return [];
    const about = { episode, place, channel, series };
    return [alertNews(about, moment), escalationNews(about, moment)].flatMap((one) => one ?? []);
  });
}

interface About {
  episode: Episode;
  place: Place;
  channel: string;
  series: Series | undefined;
}

function alertNews(about: About, moment: Moment): News | undefined {
  const { episode, place, channel, series } = about;
  const stage = flapStage(series, channel, moment.now, moment.routing.flapping);
  if (stage.kind === 'held') moment.wakeAt(stage.calmAt);
  const flap = flapNews(about, stage);
  // Once it is told that an alert has calmed down, the changes that were held back are told with it.
  const draft = flap ?? (stage.kind === 'calming' ? undefined : changeOf(about, moment));
  if (draft === undefined) return undefined;
  const flapping = flap === undefined && stage.kind === 'held' && isHeld(about, draft);
  const isOver = draft.reason === 'resolved' || (draft.reason === 'calmed' && episode.state === 'resolved');
  // Whoever was told that it flaps is told that this is over, also when somebody sees to the alert.
  const coverable = draft.reason !== 'calmed';
  const withheld = withholding({ episode, place, resolution: isOver, flapping, coverable }, moment);
  return { episode, place, channel, ...draft, ...(withheld === undefined ? {} : { withheld }) };
}

/** Until a channel knows that an alert flaps, it is told when one that it knows of is over. */
function isHeld({ episode, channel, series }: About, { reason }: Draft): boolean {
  if (series?.flap?.told[channel] === undefined) return reason !== 'resolved';
  return !breaksThrough(episode, series, channel);
}

/** What is told of flapping names the newest episode, and stands for all of them. */
function flapNews({ episode, place, channel, series }: About, stage: FlapStage): Draft | undefined {
  if (stage.kind === 'none' || series?.latest !== episode.episode) return undefined;
  if (stage.kind === 'calming') return { reason: 'calmed', readyAt: stage.calmAt };
  const known = series.flap?.told[channel];
  const readyAt = stage.startedAt + place.route.groupWaitMs;
  if (known === undefined) {
    const tells = episode.state !== 'resolved' && place.channels.includes(channel);
    return tells ? { reason: 'flapping', readyAt } : undefined;
  }
  return known.delivered === false && !breaksThrough(episode, series, channel)
    ? { reason: 'flapping', readyAt, along: true }
    : undefined;
}

function changeOf({ episode, place, channel }: About, moment: Moment): Draft | undefined {
  const told = episode.told[channel];
  if (episode.resolvedAt !== undefined) return told && resolutionOf(told, episode.resolvedAt, place);
  const routed = place.channels.includes(channel);
  if (told === undefined) return routed ? firingOf(episode, place, moment) : undefined;
  const repeat: Draft = { reason: 'repeated', readyAt: told.at + place.route.repeatIntervalMs };
  // A channel that was only escalated to is told once more, when it is over.
  if (!routed) return { ...repeat, along: true };
  return told.severity === episode.severity ? repeat : severityOf(told, episode, place, moment);
}

/** What others have superseded before it arrived is told again with them. */
function resolutionOf(told: Told, resolvedAt: number, { route }: Place): Draft | undefined {
  const draft: Draft = { reason: 'resolved', readyAt: resolvedAt + route.groupWaitMs };
  if (!told.resolved) return draft;
  return told.delivered ? undefined : { ...draft, along: true };
}

function firingOf(episode: Episode, { route }: Place, moment: Moment): Draft {
  const wait = route.groupWaitMs;
  const readyAt = afterRelease(episode, episode.firedAt, moment) + wait;
  if (episode.severity !== 'critical') return { reason: 'fired', readyAt };
  const urgentAt = afterRelease(episode, episode.raisedAt, moment) + wait;
  return { reason: 'fired', readyAt, urgentAt };
}

function severityOf(told: Told, episode: Episode, { route }: Place, moment: Moment): Draft {
  const readyAt = afterRelease(episode, episode.changedAt, moment) + route.groupWaitMs;
  const worse = rankOf(episode.severity) > rankOf(told.severity);
  return worse && episode.severity === 'critical'
    ? { reason: 'changed', readyAt, urgentAt: readyAt }
    : { reason: 'changed', readyAt };
}

/** What follows from a fault mostly ends soon after it does, and has groupWait to do so. */
const afterRelease = (episode: Episode, at: number, { inhibitions }: Moment): number =>
  Math.max(at, inhibitions.releasedAt(episode) ?? at);

function escalationNews({ episode, place, channel, series }: About, moment: Moment): News | undefined {
  const readyAt = nextEscalation(episode, place, channel);
  if (readyAt === undefined) return undefined;
  const flapping = flapStage(series, channel, moment.now, moment.routing.flapping).kind === 'held';
  const withheld = withholding({ episode, place, resolution: false, flapping, coverable: true }, moment);
  const draft = { reason: 'escalated' as const, readyAt, urgentAt: readyAt };
  return { episode, place, channel, ...draft, ...(withheld === undefined ? {} : { withheld }) };
}

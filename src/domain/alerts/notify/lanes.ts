import { hash64 } from '../../fingerprint/hash.ts';
import { rankOf } from '../rule.ts';
import type { Moment } from './moment.ts';
import { type News, newsOf, type Reason } from './news.ts';
import type { Place } from './routing.ts';
import type { PlannerState } from './state.ts';

type LaneKind = 'news' | 'flapping' | 'calmed' | 'escalated';

/** All that one channel could be told about one group in one kind of notification. */
export interface Lane {
  kind: LaneKind;
  place: Place;
  channel: string;
  /** The channel knows of one that has not ended, as far as it knows. */
  open: boolean;
  news: News[];
}

/** The group as the log has it. */
const groupIn = ({ kind, place }: Pick<Lane, 'kind' | 'place'>): string => {
  if (kind === 'news') return place.group;
  // The outbox drops what a later notification of its group tells better, and only what is of one kind does that.
  return `gr_${hash64(`${place.group}\n${kind === 'calmed' ? 'flapping' : kind}`)}`;
};

const kindOf = (reason: Reason): LaneKind => {
  switch (reason) {
    case 'flapping':
    case 'calmed':
    case 'escalated':
      return reason;
    case 'fired':
    case 'changed':
    case 'resolved':
    case 'repeated':
      return 'news';
  }
};

export const laneKey = (group: string, channel: string, reason: Reason): string =>
  `${group}\n${channel}\n${kindOf(reason)}`;

const keyOf = (lane: Lane): string => `${groupIn(lane)}\n${lane.channel}\n${lane.kind}`;

export function lanesAt(moment: Moment): Map<string, Lane> {
  const lanes = new Map<string, Lane>();
  const laneFor = (place: Place, channel: string, kind: LaneKind): Lane => {
    const fresh: Lane = { kind, place, channel, open: false, news: [] };
    const key = keyOf(fresh);
    const lane = lanes.get(key) ?? fresh;
    lanes.set(key, lane);
    return lane;
  };
  for (const episode of moment.state.episodes.values()) {
    const place = moment.routing.placeOf(episode);
    if (place === undefined) continue;
    for (const [channel, { resolved }] of Object.entries(episode.told)) {
      if (!resolved) laneFor(place, channel, 'news').open = true;
    }
    for (const one of newsOf(episode, moment)) {
      laneFor(place, one.channel, kindOf(one.reason)).news.push(one);
    }
  }
  return lanes;
}

/** One notification as it would go out now. */
export interface Message {
  notification: string;
  lane: Lane;
  group: string;
  reason: Reason;
  /** In the order in which they are named. */
  news: News[];
}

/** What a lane has to tell at this time, if it is the time. */
export function messageOf(lane: Lane, moment: Moment): Message | undefined {
  const triggers = lane.news.filter((one) => one.withheld === undefined && one.along === undefined);
  const changes = triggers.filter(({ reason }) => reason !== 'repeated');
  const timely = changes.length > 0 ? changes : triggers;
  const [first] = timely;
  if (first === undefined) return undefined;
  const at = dueAt(lane, timely, moment.state);
  if (at > moment.now) {
    moment.wakeAt(at);
    return undefined;
  }
  const news = contentsOf(lane, moment.now);
  const reason = leading(timely) ?? first.reason;
  return { notification: idOf(lane, news, moment.state), lane, group: groupOf(lane, news), reason, news };
}

/**
 * Once the channel has been told of a group, it is told again at most once per groupInterval. That does not hold for
 * an alert that newly is critical: Alertmanager makes it wait as well, and five minutes are long when everything is
 * down. Nor does it hold once all of the group has ended, since what then fires is a new beginning.
 */
function dueAt({ kind, place, open, ...lane }: Lane, timely: readonly News[], state: PlannerState): number {
  const ready = least(timely.map(({ readyAt }) => readyAt));
  if (kind === 'escalated') return ready;
  const before = state.lanes.get(keyOf({ kind, place, open, ...lane }));
  const limited = before !== undefined && (open || kind !== 'news');
  const regular = limited ? Math.max(ready, before.at + place.route.groupIntervalMs) : ready;
  return Math.min(regular, least(timely.map(({ urgentAt }) => urgentAt ?? Number.POSITIVE_INFINITY)));
}

const least = (times: readonly number[]): number =>
  times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

/**
 * Like Alertmanager, a notification tells how the whole group stands, so that each one can be read alone and a later one
 * stands for those before it. Escalations only name what nobody has answered.
 */
function contentsOf(lane: Lane, now: number): News[] {
  const isTold = ({ withheld, along, episode, channel }: News): boolean => {
    if (withheld?.reason === 'acknowledged')
      return episode.told[channel] !== undefined && along === undefined;
    return withheld === undefined;
  };
  const told = lane.news.filter(isTold);
  const named = lane.kind === 'escalated' ? told.filter(({ readyAt }) => readyAt <= now) : told;
  return named.sort(byUrgency);
}

/** What still fires, the critical and then the oldest of it first. */
function byUrgency({ episode: a }: News, { episode: b }: News): number {
  return (
    Number(a.state === 'resolved') - Number(b.state === 'resolved') ||
    rankOf(b.severity) - rankOf(a.severity) ||
    a.since - b.since ||
    (a.episode < b.episode ? -1 : 1)
  );
}

const byWeight: readonly Reason[] = ['fired', 'changed', 'resolved', 'repeated'];

const leading = (news: readonly News[]): Reason | undefined =>
  byWeight.find((reason) => news.some((one) => one.reason === reason));

/**
 * An id stands for a place in a row: the notification after that one to this channel about this group. Whatever has
 * happened between planning it twice, it is planned under the same id, and the log keeps the first. What the first did
 * not tell, the next one does. An escalation follows from the steps that it takes, of which each comes once.
 */
function idOf(lane: Lane, news: readonly News[], state: PlannerState): string {
  const row =
    lane.kind === 'escalated'
      ? news.map(({ episode, channel }) => [episode.episode, episode.escalated[channel] ?? 0])
      : (state.lanes.get(keyOf(lane))?.last ?? state.generation);
  return `nt_${hash64(JSON.stringify([lane.place.group, lane.channel, lane.kind, row]))}`;
}

function groupOf(lane: Lane, news: readonly News[]): string {
  if (lane.kind !== 'escalated') return groupIn(lane);
  // One escalation tells nothing of another.
  return `gr_${hash64(`${lane.place.group}\nescalated\n${news.map(({ episode }) => episode.episode).join()}`)}`;
}

import type { NewEvent } from '../../events/envelope.ts';
import { idFrom, notificationStream } from '../identity.ts';
import { rankOf, type Severity } from '../rule.ts';
import { lanesAt, type Message, messageOf } from './lanes.ts';
import type { Moment } from './moment.ts';
import type { News } from './news.ts';

/** What is to be recorded, without what only the one who records it can add. */
export interface PlannedNotification {
  id: string;
  project: string;
  stream: string;
  /** When it was planned: the `occurredAt` of the event. */
  at: number;
  event:
    | Pick<NewEvent<'NotificationRequested'>, 'type' | 'data'>
    | Pick<NewEvent<'NotificationWithheld'>, 'type' | 'data'>;
}

/** The rest of a storm is counted. */
const mostNamed = 100;

/** The most severe first, then the oldest; what is withheld comes last. */
export function planAt(moment: Moment): PlannedNotification[] {
  const lanes = [...lanesAt(moment).values()];
  const messages = lanes.flatMap((lane) => messageOf(lane, moment) ?? []);
  const withheld = lanes.flatMap(({ news }) => news).filter((one) => isToRecord(one, moment));
  const requested = messages.sort(byUrgency).map((message) => request(message, moment.now));
  const byKey = new Map(withheld.map((one) => [withheldKey(one), withhold(one, moment.now)]));
  return [...requested, ...byKey.values()];
}

const severityOf = ({ news }: Message): Severity => news[0]?.episode.severity ?? 'info';

const oldestOf = ({ news }: Message): number =>
  news.reduce((oldest, { episode }) => Math.min(oldest, episode.since), Number.POSITIVE_INFINITY);

const byUrgency = (a: Message, b: Message): number =>
  rankOf(severityOf(b)) - rankOf(severityOf(a)) ||
  oldestOf(a) - oldestOf(b) ||
  order(a.lane.channel, b.lane.channel) ||
  order(a.notification, b.notification);

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function request(message: Message, at: number): PlannedNotification {
  const { notification, group, reason, news, lane } = message;
  const { route, groupLabels } = lane.place;
  const project = news[0]?.episode.project ?? '';
  const data = {
    notification,
    channel: lane.channel,
    route: route.name,
    reason,
    group,
    groupLabels: { ...groupLabels },
    // Of what still fires, if anything does: that comes first.
    severity: severityOf(message),
    alerts: news.slice(0, mostNamed).map(named),
    more: Math.max(0, news.length - mostNamed),
  };
  const id = idFrom(`requested\n${notification}`);
  return {
    id,
    project,
    stream: notificationStream(notification),
    at,
    event: { type: 'NotificationRequested', data },
  };
}

const named = ({ episode: { episode, rule, labels, severity, state, title, since } }: News) => ({
  episode,
  rule,
  labels: { ...labels },
  severity,
  state,
  title,
  since,
});

/** Only what would have been told by now was withheld, and of that each reason once. */
function isToRecord(news: News, moment: Moment): boolean {
  if (news.withheld === undefined || news.along !== undefined) return false;
  if (news.episode.withheld.includes(withheldKey(news).split('\n').slice(1).join('\n'))) return false;
  if (news.readyAt > moment.now) moment.wakeAt(news.readyAt);
  return news.readyAt <= moment.now;
}

export const reasonKey = (
  route: string,
  { reason, because }: { reason: string; because?: string | undefined },
) => JSON.stringify([route, reason, because ?? '']);

const withheldKey = ({ episode, place, withheld }: News): string =>
  `${episode.episode}\n${withheld === undefined ? '' : reasonKey(place.route.name, withheld)}`;

function withhold(news: News, at: number): PlannedNotification {
  const { episode, place, withheld } = news;
  const data = { episode: episode.episode, route: place.route.name, reason: 'quiet' as const, ...withheld };
  const id = idFrom(`withheld\n${withheldKey(news)}`);
  const event = { type: 'NotificationWithheld' as const, data };
  return { id, project: episode.project, stream: notificationStream(episode.episode), at, event };
}

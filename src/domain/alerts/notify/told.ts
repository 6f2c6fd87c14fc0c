import type { RecordedEvent } from '../../events/envelope.ts';
import { laneKey, lanesAt } from './lanes.ts';
import type { Moment } from './moment.ts';
import { reasonKey } from './plan.ts';
import { type Episode, type PlannerState, seriesOf } from './state.ts';

/** What is known to be told: what was requested is, since the outbox sees to it. */

type Requested = RecordedEvent<'NotificationRequested'>;

interface Said extends Pick<Episode, 'severity'> {
  resolved: boolean;
}

/** `atPlanning` looks at the state as it was when the notification was planned. */
export function noteRequested(state: PlannerState, event: Requested, atPlanning: () => Moment): void {
  const { notification, channel, reason, group, alerts, more } = event.data;
  const key = laneKey(group, channel, reason);
  if (state.lanes.get(key)?.last === notification) return;
  const counted = more === 0 ? [] : countedIn(event, atPlanning());
  if (reason !== 'escalated') {
    // Put at the end, so that the one that was longest not used comes first.
    state.lanes.delete(key);
    state.lanes.set(key, { last: notification, at: event.recordedAt });
  }
  for (const { episode, severity, state: standing } of alerts) {
    const known = state.episodes.get(episode);
    if (known !== undefined) tell(state, known, event, { severity, resolved: standing === 'resolved' });
  }
  for (const known of counted) {
    tell(state, known, event, { severity: known.severity, resolved: known.state === 'resolved' });
  }
}

/** In a storm the log names some of the alerts; the others follow from what was known by then. */
function countedIn({ data, occurredAt }: Requested, moment: Moment): Episode[] {
  const named = new Set(data.alerts.map(({ episode }) => episode));
  const key = laneKey(data.group, data.channel, data.reason);
  return (lanesAt(moment).get(key)?.news ?? [])
    .filter(({ withheld }) => withheld === undefined)
    .map(({ episode }) => episode)
    .filter((one) => !named.has(one.episode) && lastChangeOf(one) <= occurredAt);
}

const lastChangeOf = ({ firedAt, changedAt, resolvedAt }: Episode): number =>
  Math.max(firedAt, changedAt, resolvedAt ?? 0);

function tell(state: PlannerState, episode: Episode, { data, recordedAt }: Requested, said: Said): void {
  const { notification, channel, reason } = data;
  const receipt = { notification, delivered: false };
  episode.requestedAt ??= recordedAt;
  if (reason === 'escalated') {
    episode.escalated[channel] = (episode.escalated[channel] ?? 0) + 1;
    // That it fires is known there now; what else is new about it is told by its group.
    episode.told[channel] ??= { ...receipt, ...said, at: recordedAt };
    return;
  }
  episode.told[channel] = { ...receipt, ...said, at: recordedAt };
  const flap = state.series.get(seriesOf(episode))?.flap;
  if (flap === undefined) return;
  const known = flap.told[channel];
  if (reason === 'flapping' || reason === 'calmed') {
    flap.told[channel] = { ...receipt, severity: said.severity, calmed: reason === 'calmed' };
    settleOthers(state, episode, channel);
  } else if (known !== undefined && said.severity === 'critical') known.severity = 'critical';
}

/** What is told of the newest episode of an alert that flaps ends all those before it. */
function settleOthers(state: PlannerState, newest: Episode, channel: string): void {
  const key = seriesOf(newest);
  for (const episode of state.episodes.values()) {
    if (episode === newest || episode.state !== 'resolved' || seriesOf(episode) !== key) continue;
    const told = episode.told[channel];
    if (told !== undefined) Object.assign(told, { resolved: true, delivered: true });
  }
}

export function noteDelivered(
  state: PlannerState,
  { data: { notification, channel }, recordedAt }: RecordedEvent<'NotificationDelivered'>,
): void {
  for (const episode of state.episodes.values()) {
    const told = episode.told[channel];
    if (told?.notification !== notification) continue;
    told.delivered = true;
    episode.deliveredAt ??= recordedAt;
  }
  for (const { flap } of state.series.values()) {
    const told = flap?.told[channel];
    if (told?.notification === notification) told.delivered = true;
  }
}

export function noteWithheld(state: PlannerState, { data }: RecordedEvent<'NotificationWithheld'>): void {
  const episode = state.episodes.get(data.episode);
  const key = reasonKey(data.route, data);
  if (episode !== undefined && !episode.withheld.includes(key)) episode.withheld.push(key);
}

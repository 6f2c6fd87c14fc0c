import { isCovered } from './moment.ts';
import type { Place } from './routing.ts';
import type { Episode } from './state.ts';

/** When this channel is to be told that nobody has taken the alert on; each of its steps comes once in an episode. */
export function nextEscalation(episode: Episode, place: Place, channel: string): number | undefined {
  const since = unansweredSince(episode);
  if (since === undefined || episode.state === 'resolved') return undefined;
  const steps = place.escalations.filter(({ channels }) => channels.includes(channel));
  const step = steps[episode.escalated[channel] ?? 0];
  return step === undefined ? undefined : since + step.afterMs;
}

function unansweredSince(episode: Episode): number | undefined {
  const toldAt = episode.deliveredAt ?? episode.requestedAt;
  if (toldAt === undefined) return undefined;
  // Whoever acknowledged the lesser alert has the same time again for the worse one.
  const answered = episode.acknowledged !== undefined && !isCovered(episode);
  return answered ? Math.max(toldAt, episode.raisedAt) : toldAt;
}

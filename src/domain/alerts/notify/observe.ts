import type { RecordedEvent } from '../../events/envelope.ts';
import { rankOf } from '../rule.ts';
import { noteFiring, noteResolution } from './flapping.ts';
import type { Routing } from './routing.ts';
import { createSilence } from './silences.ts';
import type { Episode, PlannerState } from './state.ts';

/** What recorded events say of alerts, people and silences. Of episodes that are not known, nothing follows. */
export function observeAlert(state: PlannerState, event: RecordedEvent, routing: Routing): void {
  switch (event.type) {
    case 'AlertFired':
      fire(state, event, routing);
      break;
    case 'AlertSeverityChanged': {
      const { severity, title } = event.data;
      withEpisode(state, event.data, (episode) => {
        if (rankOf(severity) > rankOf(episode.severity)) episode.raisedAt = event.recordedAt;
        episode.changedAt = event.recordedAt;
        Object.assign(episode, { severity, ...(title !== '' && { title }) });
      });
      break;
    }
    case 'AlertRecoveryBegan':
      withEpisode(state, event.data, (episode) => {
        episode.state = 'recovering';
      });
      break;
    case 'AlertRelapsed':
      withEpisode(state, event.data, (episode) => {
        episode.state = 'firing';
      });
      break;
    case 'AlertResolved':
      withEpisode(state, event.data, (episode) => {
        episode.state = 'resolved';
        episode.resolvedAt = event.recordedAt;
        noteResolution(state, episode, Math.min(event.data.at, event.recordedAt));
      });
      break;
    case 'AlertAcknowledged':
      withEpisode(state, event.data, (episode) => {
        episode.acknowledged = { by: event.data.by, severity: episode.severity };
      });
      break;
    case 'AlertJudged': {
      const { verdict, episode: id } = event.data;
      const episode = state.episodes.get(id);
      if (episode === undefined) break;
      if (verdict === 'real') delete episode.verdict;
      else episode.verdict = verdict;
      break;
    }
    case 'SilenceCreated':
      createSilence(state, event.project, event.data);
      break;
    case 'SilenceEnded': {
      const silence = state.silences.get(event.data.silence);
      if (silence !== undefined) silence.endedAt ??= event.recordedAt;
    }
  }
}

function fire(
  state: PlannerState,
  { data, project, recordedAt }: RecordedEvent<'AlertFired'>,
  routing: Routing,
): void {
  if (state.episodes.has(data.episode)) return;
  const episode: Episode = {
    episode: data.episode,
    project,
    rule: data.rule,
    labels: { ...data.labels },
    ruleLabels: { ...data.ruleLabels },
    severity: data.severity,
    state: 'firing',
    title: data.title,
    quiet: data.quiet,
    since: data.activeSince,
    firedAt: recordedAt,
    changedAt: recordedAt,
    raisedAt: recordedAt,
    told: {},
    escalated: {},
    withheld: [],
  };
  state.episodes.set(data.episode, episode);
  noteFiring(state, episode, Math.min(data.at, recordedAt), routing.flapping);
}

/** What has ended stays as it was. */
function withEpisode(
  state: PlannerState,
  { episode }: { episode: string },
  change: (one: Episode) => void,
): void {
  const known = state.episodes.get(episode);
  if (known !== undefined && known.state !== 'resolved') change(known);
}

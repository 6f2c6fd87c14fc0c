import type { verdicts } from '../events/alerts.ts';
import type { EventData } from '../events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../events/envelope.ts';
import { compileMatchers } from './matchers.ts';
import { type Matcher, watchdogRule } from './rule.ts';

/** What people do about alerts: decided from what they have said so far, and from where the episode stands. */

export type EpisodeStanding = 'pending' | 'firing' | 'recovering' | 'resolved' | 'dismissed';

export interface Said {
  by: string;
  at: number;
}

/** What people have said about one episode. */
export interface Sayings {
  acknowledged?: Said;
  resolutionRequested?: Said;
}

export type EpisodeCommand =
  | { kind: 'acknowledge'; by: string; comment?: string | undefined }
  | { kind: 'resolve'; by: string; comment?: string | undefined }
  | {
      kind: 'judge';
      by: string;
      verdict: (typeof verdicts)[number];
      duplicateOf?: string | undefined;
      comment?: string | undefined;
    };

export interface EpisodeFacts {
  episode: string;
  rule: string;
  state: EpisodeStanding;
  /** When its severity last rose since it fired. */
  raisedAt?: number | undefined;
}

type CommandFact<T extends NewEvent['type']> = { [K in T]: { type: K; data: EventData<K> } }[T];
export type EpisodeFact = CommandFact<'AlertAcknowledged' | 'AlertResolutionRequested' | 'AlertJudged'>;
export type SilenceFact = CommandFact<'SilenceCreated' | 'SilenceEnded'>;

export type EpisodeRefusal =
  | { reason: 'over' | 'not_fired' | 'ends_by_itself' | 'duplicate_of_itself' }
  | { reason: 'acknowledged' | 'resolution_requested'; before: Said };

type Decision<Fact, Refusal> = { kind: 'accepted'; fact: Fact } | { kind: 'refused'; refusal: Refusal };

const refused = <Refusal>(refusal: Refusal) => ({ kind: 'refused' as const, refusal });

export function decideEpisode(
  command: EpisodeCommand,
  sayings: Sayings,
  { episode, rule, state, raisedAt }: EpisodeFacts,
): Decision<EpisodeFact, EpisodeRefusal> {
  const isOver = state === 'resolved' || state === 'dismissed';
  const { by, comment } = command;
  const said = { by, ...(comment === undefined ? {} : { comment }) };
  switch (command.kind) {
    case 'acknowledge': {
      const { acknowledged } = sayings;
      // It covers no more than what was known when it was given: what got worse since can be acknowledged anew.
      const stillCovers = acknowledged !== undefined && (isOver || acknowledged.at >= (raisedAt ?? 0));
      if (stillCovers) return refused({ reason: 'acknowledged', before: acknowledged });
      if (isOver) return refused({ reason: 'over' });
      return { kind: 'accepted', fact: { type: 'AlertAcknowledged', data: { episode, ...said } } };
    }
    case 'resolve': {
      const { resolutionRequested } = sayings;
      if (isOver) return refused({ reason: 'over' });
      if (resolutionRequested !== undefined)
        return refused({ reason: 'resolution_requested', before: resolutionRequested });
      if (state === 'pending') return refused({ reason: 'not_fired' });
      if (rule === watchdogRule) return refused({ reason: 'ends_by_itself' });
      return { kind: 'accepted', fact: { type: 'AlertResolutionRequested', data: { episode, ...said } } };
    }
    case 'judge': {
      const { verdict, duplicateOf } = command;
      if (duplicateOf === episode) return refused({ reason: 'duplicate_of_itself' });
      const data = { episode, rule, verdict, ...(duplicateOf === undefined ? {} : { duplicateOf }), ...said };
      return { kind: 'accepted', fact: { type: 'AlertJudged', data } };
    }
  }
}

export function evolveSayings(sayings: Sayings, event: RecordedEvent): Sayings {
  switch (event.type) {
    case 'AlertAcknowledged':
      return { ...sayings, acknowledged: saidBy(event) };
    case 'AlertResolutionRequested':
      return { ...sayings, resolutionRequested: saidBy(event) };
    default:
      // A judgement may be changed at any time, so that none stands in the way of another.
      return sayings;
  }
}

const saidBy = (event: { data: { by: string }; occurredAt: number }): Said => ({
  by: event.data.by,
  at: event.occurredAt,
});

export interface Silence {
  silence: string;
  matchers: readonly Matcher[];
  from: number;
  until: number;
  by: string;
  comment: string;
}

/** A silence as its stream has it. */
export type SilenceState = { kind: 'none' } | { kind: 'made'; until: number } | { kind: 'ended'; how: Said };

export type SilenceCommand =
  | { kind: 'create'; silence: Silence }
  | { kind: 'end'; silence: string; by: string };

export type SilenceRefusal =
  | { reason: 'unknown' | 'exists' | 'expired' | 'backwards' | 'past' | 'too_broad' }
  | { reason: 'ended'; before: Said };

export const initialSilence: SilenceState = { kind: 'none' };

/** `at` is the present. */
export function decideSilence(
  command: SilenceCommand,
  state: SilenceState,
  at: number,
): Decision<SilenceFact, SilenceRefusal> {
  switch (command.kind) {
    case 'create': {
      const { silence } = command;
      if (state.kind !== 'none') return refused({ reason: 'exists' });
      if (silence.until <= silence.from) return refused({ reason: 'backwards' });
      if (silence.until <= at) return refused({ reason: 'past' });
      // What fits an alert without a single label fits every alert there is.
      if (compileMatchers(silence.matchers)({})) return refused({ reason: 'too_broad' });
      const data = { ...silence, matchers: [...silence.matchers] };
      return { kind: 'accepted', fact: { type: 'SilenceCreated', data } };
    }
    case 'end': {
      const { silence, by } = command;
      if (state.kind === 'none') return refused({ reason: 'unknown' });
      if (state.kind === 'ended') return refused({ reason: 'ended', before: state.how });
      if (state.until <= at) return refused({ reason: 'expired' });
      return { kind: 'accepted', fact: { type: 'SilenceEnded', data: { silence, by } } };
    }
  }
}

export function evolveSilence(state: SilenceState, event: RecordedEvent): SilenceState {
  switch (event.type) {
    case 'SilenceCreated':
      return { kind: 'made', until: event.data.until };
    case 'SilenceEnded':
      return { kind: 'ended', how: saidBy(event) };
    default:
      return state;
  }
}

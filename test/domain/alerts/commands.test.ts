import { describe, expect, it } from 'vitest';
import {
  decideEpisode,
  decideSilence,
  type EpisodeCommand,
  type EpisodeStanding,
  evolveSayings,
  evolveSilence,
  initialSilence,
  type Sayings,
  type SilenceState,
} from '../../../src/domain/alerts/commands.ts';
import type { Matcher } from '../../../src/domain/alerts/rule.ts';
import { eventSchemas } from '../../../src/domain/events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../../../src/domain/events/envelope.ts';

const now = 1_790_000_000_000;
const recorded = (fact: Pick<NewEvent, 'type' | 'data'>): RecordedEvent =>
  ({ ...fact, occurredAt: now }) as RecordedEvent;

const acknowledge: EpisodeCommand = { kind: 'acknowledge', by: 'bob' };
const resolve: EpisodeCommand = { kind: 'resolve', by: 'bob', comment: 'done' };
const judge: EpisodeCommand = { kind: 'judge', by: 'bob', verdict: 'noise' };
const ann = { by: 'ann', at: now };

const given = (command: EpisodeCommand, state: EpisodeStanding, sayings: Sayings = {}) =>
  decideEpisode(command, sayings, { episode: 'ep_1', rule: 'errors', state });

describe('what people say about an episode', () => {
  it.each<[string, EpisodeCommand, EpisodeStanding, Sayings, string]>([
    ['acknowledged while pending', acknowledge, 'pending', {}, 'AlertAcknowledged'],
    ['acknowledged while firing', acknowledge, 'firing', {}, 'AlertAcknowledged'],
    ['acknowledged while recovering', acknowledge, 'recovering', {}, 'AlertAcknowledged'],
    ['acknowledged after it is over', acknowledge, 'resolved', {}, 'over'],
    ['acknowledged after it was dismissed', acknowledge, 'dismissed', {}, 'over'],
    ['acknowledged again', acknowledge, 'firing', { acknowledged: ann }, 'acknowledged'],
    ['acknowledged again when it is over', acknowledge, 'resolved', { acknowledged: ann }, 'acknowledged'],
    ['resolved while firing', resolve, 'firing', { acknowledged: ann }, 'AlertResolutionRequested'],
    ['resolved while recovering', resolve, 'recovering', {}, 'AlertResolutionRequested'],
    ['resolved while pending', resolve, 'pending', {}, 'not_fired'],
    ['resolved again', resolve, 'firing', { resolutionRequested: ann }, 'resolution_requested'],
    ['resolved after it is over', resolve, 'resolved', { resolutionRequested: ann }, 'over'],
    ['judged while firing', judge, 'firing', {}, 'AlertJudged'],
    ['judged when it is over', judge, 'resolved', {}, 'AlertJudged'],
    ['a duplicate of another', { ...judge, duplicateOf: 'ep_0' }, 'resolved', {}, 'AlertJudged'],
    ['a duplicate of itself', { ...judge, duplicateOf: 'ep_1' }, 'resolved', {}, 'duplicate_of_itself'],
  ])('%s', (_, command, state, sayings, expected) => {
    const decision = given(command, state, sayings);
    const answer = decision.kind === 'accepted' ? decision.fact.type : decision.refusal.reason;
    expect(answer).toBe(expected);
    if (decision.kind === 'refused') {
      if ('before' in decision.refusal) expect(decision.refusal.before).toEqual(ann);
      return;
    }
    const { type, data } = decision.fact;
    expect(eventSchemas[type].safeParse(data).error).toBeUndefined();
    expect(data).toMatchObject({ episode: 'ep_1', by: 'bob' });
  });

  it.each<[string, number, EpisodeStanding, string]>([
    ['has got worse since', now + 1, 'firing', 'accepted'],
    ['has got worse since and is over', now + 1, 'resolved', 'refused'],
    ['had got worse before', now - 1, 'firing', 'refused'],
  ])('acknowledged again when it %s', (_, raisedAt, state, expected) => {
    const facts = { episode: 'ep_1', rule: 'errors', state, raisedAt };
    expect(decideEpisode(acknowledge, { acknowledged: ann }, facts).kind).toBe(expected);
  });

  it('is remembered by what was recorded of it', () => {
    let sayings: Sayings = {};
    for (const command of [acknowledge, resolve, judge]) {
      const decision = given(command, 'firing', sayings);
      if (decision.kind === 'accepted') sayings = evolveSayings(sayings, recorded(decision.fact));
    }
    const bob = { by: 'bob', at: now };
    expect(sayings).toEqual({ acknowledged: bob, resolutionRequested: bob });
  });
});

describe('silences', () => {
  const matchers: Matcher[] = [{ label: 'service', operator: '=', value: 'bot' }];
  const silence = { silence: 'sil_1', matchers, from: now, until: now + 1_000, by: 'ann', comment: 'x' };
  const create = (over: object = {}, state: SilenceState = initialSilence) =>
    decideSilence({ kind: 'create', silence: { ...silence, ...over } }, state, now);
  const end = (state: SilenceState, at = now) =>
    decideSilence({ kind: 'end', silence: 'sil_1', by: 'bob' }, state, at);

  it.each<[string, ReturnType<typeof create>, string]>([
    ['made', create(), 'SilenceCreated'],
    ['made for later', create({ from: now + 10 }), 'SilenceCreated'],
    ['made for a stretch that has begun', create({ from: now - 10 }), 'SilenceCreated'],
    ['made twice', create({}, { kind: 'made', until: now + 1_000 }), 'exists'],
    ['that end before they begin', create({ until: now - 1 }), 'backwards'],
    ['that end as they begin', create({ until: now }), 'backwards'],
    ['that are over', create({ from: now - 20, until: now }), 'past'],
    [
      'that fit everything',
      create({ matchers: [{ label: 'service', operator: '=~', value: '.*' }] }),
      'too_broad',
    ],
    [
      'that fit what lacks a label',
      create({ matchers: [{ label: 'service', operator: '!=', value: 'bot' }] }),
      'too_broad',
    ],
    ['ended', end({ kind: 'made', until: now + 1 }), 'SilenceEnded'],
    ['ended that are none', end(initialSilence), 'unknown'],
    ['ended that are over', end({ kind: 'made', until: now }), 'expired'],
    ['ended twice', end({ kind: 'ended', how: ann }), 'ended'],
  ])('%s', (_, decision, expected) => {
    const answer = decision.kind === 'accepted' ? decision.fact.type : decision.refusal.reason;
    expect(answer).toBe(expected);
    if (decision.kind === 'accepted') {
      expect(eventSchemas[decision.fact.type].safeParse(decision.fact.data).error).toBeUndefined();
    }
  });

  it('follow what was recorded', () => {
    const made = create();
    if (made.kind !== 'accepted') throw new Error('refused');
    const state = evolveSilence(initialSilence, recorded(made.fact));
    expect(state).toEqual({ kind: 'made', until: now + 1_000 });
    const ended = end(state);
    if (ended.kind !== 'accepted') throw new Error('refused');
    expect(evolveSilence(state, recorded(ended.fact))).toEqual({
      kind: 'ended',
      how: { by: 'bob', at: now },
    });
  });
});

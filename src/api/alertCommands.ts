import {
  decideEpisode,
  decideSilence,
  type EpisodeCommand,
  type EpisodeFacts,
  type EpisodeRefusal,
  evolveSayings,
  evolveSilence,
  initialSilence,
  type Said,
  type Sayings,
  type Silence,
  type SilenceRefusal,
  type SilenceState,
} from '../domain/alerts/commands.ts';
import { alertStream, episodeCommandsStream, silenceStream } from '../domain/alerts/identity.ts';
import { type Labels, rankOf } from '../domain/alerts/rule.ts';
import { ChronoscopeError } from '../domain/errors.ts';
import { currentVersion } from '../domain/events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import type { EventLog } from '../projections/ports.ts';

export interface AlertCommandsDeps {
  log: Pick<EventLog, 'append' | 'readStream'>;
  /** Epoch milliseconds. */
  clock: () => number;
  newId: () => string;
  /** What people write may hold secrets, like any other text. */
  redactText: (text: string) => string;
}

/** Where what was done stands in the log. */
export interface Done {
  at: number;
  position: Position;
}

/** What people do about alerts, whichever door they come through. */
export interface AlertCommands {
  /** The comment comes back as it was kept. */
  onEpisode(
    project: string,
    about: Omit<EpisodeFacts, 'raisedAt'> & { labels: Labels },
    command: EpisodeCommand,
  ): Promise<Done & { comment?: string | undefined }>;
  createSilence(project: string, wanted: Omit<Silence, 'silence'>): Promise<Done & { silence: Silence }>;
  endSilence(project: string, silence: string, by: string): Promise<Done>;
}

const mostAttempts = 10;

type Outcome =
  | { kind: 'accepted'; fact: Pick<NewEvent, 'type' | 'data'> }
  | { kind: 'refused'; error: Error };

export function createAlertCommands({ log, clock, newId, redactText }: AlertCommandsDeps): AlertCommands {
  /** Decides, appends, and decides again on the newest state when someone else was quicker. */
  async function carryOut<State>(
    project: string,
    stream: string,
    initial: State,
    evolve: (state: State, event: RecordedEvent) => State,
    decide: (state: State, at: number) => Outcome,
  ): Promise<Done> {
    let told: number | 'none' | undefined;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      let state = initial;
      let count = 0;
      for await (const events of log.readStream(stream)) {
        count += events.length;
        // Ids are not secret: what another project has under the same one looks like nothing.
        for (const event of events) if (event.project === project) state = evolve(state, event);
      }
      const at = clock();
      const decision = decide(state, at);
      if (decision.kind === 'refused') throw decision.error;
      const event = recordable(decision.fact, newId(), at, project);
      const expected = told ?? (count === 0 ? 'none' : count - 1);
      const outcome = await log.append([{ stream, events: [event], expected }]);
      if (outcome.kind === 'appended') return { at, position: outcome.position };
      // Events that were forgotten make a stream look shorter than its revision.
      told = outcome.actual;
    }
    throw new ChronoscopeError('CHR_CONFLICT', 'Others keep changing the same thing at the same moment.');
  }

  const onSilence = (project: string, id: string, decide: (state: SilenceState, at: number) => Outcome) =>
    carryOut(project, silenceStream(id), initialSilence, evolveSilence, decide);

  /** From the log, for the read models may not have it yet. */
  async function raisedAt(
    project: string,
    { episode, rule, labels }: { episode: string; rule: string; labels: Labels },
  ): Promise<number | undefined> {
    let at: number | undefined;
    for await (const events of log.readStream(alertStream(project, rule, labels))) {
      for (const { type, data, recordedAt } of events) {
        if (type !== 'AlertSeverityChanged' || data.episode !== episode) continue;
        if (rankOf(data.severity) > rankOf(data.from)) at = recordedAt;
      }
    }
    return at;
  }

  return {
    async onEpisode(project, about, command) {
      const { comment } = command;
      const facts = { ...about, raisedAt: await raisedAt(project, about) };
      const clean = { ...command, ...(comment === undefined ? {} : { comment: redactText(comment) }) };
      const decide = (sayings: Sayings): Outcome => {
        const decision = decideEpisode(clean, sayings, facts);
        return decision.kind === 'accepted'
          ? decision
          : { kind: 'refused', error: episodeRefusal(decision.refusal) };
      };
      const stream = episodeCommandsStream(facts.episode);
      return { ...(await carryOut(project, stream, {}, evolveSayings, decide)), comment: clean.comment };
    },
    async createSilence(project, wanted) {
      const silence = { ...wanted, silence: `sil_${newId()}`, comment: redactText(wanted.comment) };
      const done = await onSilence(project, silence.silence, (state, at) =>
        outcomeOf(decideSilence({ kind: 'create', silence }, state, at)),
      );
      return { ...done, silence };
    },
    endSilence: (project, silence, by) =>
      onSilence(project, silence, (state, at) =>
        outcomeOf(decideSilence({ kind: 'end', silence, by }, state, at)),
      ),
  };
}

const outcomeOf = (decision: ReturnType<typeof decideSilence>): Outcome =>
  decision.kind === 'accepted' ? decision : { kind: 'refused', error: silenceRefusal(decision.refusal) };

const recordable = (
  fact: Pick<NewEvent, 'type' | 'data'>,
  id: string,
  occurredAt: number,
  project: string,
): NewEvent =>
  ({
    ...fact,
    id,
    version: currentVersion[fact.type],
    occurredAt,
    project,
    service: 'chronoscope',
  }) as NewEvent;

const conflict = (message: string, before?: Said): ChronoscopeError =>
  new ChronoscopeError('CHR_CONFLICT', message, {
    ...(before === undefined ? {} : { details: { by: before.by, at: new Date(before.at).toISOString() } }),
  });

const whoAndWhen = ({ by, at }: Said): string => `by ${by} at ${new Date(at).toISOString()}`;

function episodeRefusal(refusal: EpisodeRefusal): ChronoscopeError {
  switch (refusal.reason) {
    case 'acknowledged':
      return conflict(`This alert was acknowledged ${whoAndWhen(refusal.before)}.`, refusal.before);
    case 'resolution_requested':
      return conflict(`This alert was resolved ${whoAndWhen(refusal.before)}.`, refusal.before);
    case 'over':
      return conflict('This alert is over.');
    case 'not_fired':
      return conflict('This alert has not fired yet; it ends by itself when its condition lets go.');
    case 'ends_by_itself':
      return conflict('This alert is about the engine itself, and ends when the engine has caught up.');
    case 'duplicate_of_itself':
      return new ChronoscopeError('CHR_INVALID_REQUEST', 'An alert is no duplicate of itself.');
  }
}

function silenceRefusal(refusal: SilenceRefusal): ChronoscopeError {
  switch (refusal.reason) {
    case 'unknown':
      return new ChronoscopeError('CHR_NOT_FOUND', 'There is no silence with this id.');
    case 'exists':
      return conflict('There is a silence with this id.');
    case 'ended':
      return conflict(`This silence was ended ${whoAndWhen(refusal.before)}.`, refusal.before);
    case 'expired':
      return conflict('This silence is over.');
    case 'backwards':
      return new ChronoscopeError('CHR_INVALID_REQUEST', 'A silence begins before it ends.');
    case 'past':
      return new ChronoscopeError('CHR_INVALID_REQUEST', 'This silence would be over already.');
    case 'too_broad':
      return new ChronoscopeError(
        'CHR_INVALID_REQUEST',
        'These matchers fit every alert; at least one has to ask for a value that is not empty.',
      );
  }
}

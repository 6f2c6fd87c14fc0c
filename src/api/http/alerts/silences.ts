import { z } from 'zod';
import { formatMatcher, matcherFault, parseMatcher } from '../../../domain/alerts/matchers.ts';
import { type Matcher, matchOperators } from '../../../domain/alerts/rule.ts';
import { ChronoscopeError } from '../../../domain/errors.ts';
import { parseDuration } from '../../../domain/units.ts';
import { isFault, readTime } from '../../../domain/window.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { timeOf } from '../../../projections/queries/selection.ts';
import { type FoundSilence, readSilences, silenceStates } from '../../../projections/queries/silences.ts';
import type { AlertCommands } from '../../alertCommands.ts';
import { callerOf } from '../auth.ts';
import { changeQuery, wholeNumber, withPresence, wordsOf } from '../reads/query.ts';
import { presenceOf, type SelectDeps } from '../reads/select.ts';
import { instant } from '../reads/shapes.ts';
import type { AppInstance } from '../server.ts';

export interface SilenceRoutesDeps extends SelectDeps {
  reader: Reader;
  commands: AlertCommands;
  redactText: (text: string) => string;
}

const mostMatchers = 20;

const matcher = z.strictObject({
  label: z.string().min(1).max(200),
  operator: z.enum(matchOperators).default('='),
  value: z.string().max(500),
});

const moment = z
  .union([z.string().max(64), z.number()])
  .describe('RFC 3339 or epoch milliseconds')
  .meta({ example: '2026-01-31T12:00:00Z' });

const wanted = z
  .strictObject({
    matchers: z
      .array(z.union([z.string().min(1).max(3_000), matcher]))
      .min(1)
      .max(mostMatchers)
      .describe('All must hold: `service="bot"`, `operation=~"file_.*"`, or an object')
      .meta({ example: ['service="bot"'] }),
    from: moment.describe('Default: now').optional(),
    until: moment.optional(),
    duration: z
      .union([z.string().max(20), z.number().positive()])
      .describe('In place of `until`: `2h`, or milliseconds')
      .optional(),
    comment: z.string().min(1).max(2_000).describe('Why'),
  })
  .refine(({ until, duration }) => (until === undefined) !== (duration === undefined), {
    path: ['until'],
    message: 'give one of `until` and `duration`',
  });

const silenceShape = z.object({
  id: z.string().meta({ example: 'sil_01939e1f-5b1c-7d35-8f52-0b1a2c3d4e5f' }),
  project: z.string(),
  state: z.enum(silenceStates),
  matchers: z.array(matcher.extend({ text: z.string().describe('The same as Alertmanager writes it') })),
  from: instant,
  until: instant,
  comment: z.string(),
  by: z.string(),
  createdAt: instant,
  ended: z
    .object({ by: z.string(), at: instant })
    .optional()
    .describe('By whom it was ended before its time'),
});

const silencesQuery = withPresence({
  state: wordsOf(silenceStates)
    .describe(`Some of ${silenceStates.join(', ')}, with commas. Default: all`)
    .optional(),
  limit: wholeNumber(1, 1_000).describe('Silences to give; default 200').optional(),
});

const position = z.string().describe('Of what was done; a read `?after=` it sees it');

export function silenceRoutes(app: AppInstance, deps: SilenceRoutesDeps): void {
  const tags = ['alerts'];
  app.get(
    '/v1/silences',
    {
      config: { role: 'user' },
      schema: {
        tags,
        summary: 'What is kept quiet, the newest first',
        querystring: silencesQuery,
        response: { 200: z.object({ project: z.string(), silences: z.array(silenceShape) }) },
      },
    },
    async (request) => {
      const presence = await presenceOf(deps, request, request.query);
      const { state: states = silenceStates, limit = 200 } = request.query;
      const found = await readSilences(deps.reader, presence, presence.asOf ?? deps.clock());
      const fitting = found.filter(({ state }) => states.includes(state)).slice(0, limit);
      return {
        project: presence.project,
        silences: fitting.map((silence) => shownSilence(silence, presence.project)),
      };
    },
  );
  app.post(
    '/v1/silences',
    {
      config: { role: 'power_user' },
      schema: {
        tags,
        summary: 'Keep alerts quiet for a while',
        description: 'Alerts are decided and shown as ever; nobody is told of those that fit.',
        querystring: changeQuery,
        body: wanted,
        response: { 201: silenceShape.extend({ position }) },
      },
    },
    async (request, reply) => {
      const { project } = await presenceOf(deps, request, request.query);
      const now = deps.clock();
      const { matchers, comment } = request.body;
      const { from, until } = stretchOf(request.body, now);
      const { silence, at, position } = await deps.commands.createSilence(project, {
        matchers: matchers.map((one, index) => matcherOf(one, index, deps.redactText)),
        from,
        until,
        by: callerOf(request).keyId,
        comment,
      });
      const made: FoundSilence = {
        ...silence,
        matchers: [...silence.matchers],
        id: silence.silence,
        createdAt: at,
        ended: undefined,
        state: from > now ? 'future' : 'active',
      };
      return reply.code(201).send({ ...shownSilence(made, project), position });
    },
  );
  app.delete(
    '/v1/silences/:id',
    {
      config: { role: 'power_user' },
      schema: {
        tags,
        summary: 'End a silence before its time',
        params: z.object({ id: z.string().min(1).max(64) }),
        querystring: changeQuery,
        response: { 200: z.object({ id: z.string(), endedAt: instant, by: z.string(), position }) },
      },
    },
    async (request) => {
      const { project } = await presenceOf(deps, request, request.query);
      const { id } = request.params;
      const by = callerOf(request).keyId;
      const { at, position } = await deps.commands.endSilence(project, id, by);
      return { id, endedAt: timeOf(at), by, position };
    },
  );
}

const badField = (path: string, message: string): ChronoscopeError =>
  new ChronoscopeError('CHR_INVALID_REQUEST', `body "${path}": ${message}`, {
    details: [{ in: 'body', path, message }],
  });

function matcherOf(
  given: string | Matcher,
  index: number,
  redactText: SilenceRoutesDeps['redactText'],
): Matcher {
  const read = typeof given === 'string' ? parseMatcher(given) : (matcherFault(given) ?? given);
  if (typeof read === 'string') throw badField(`matchers.${index}`, read);
  const value = redactText(read.value);
  if (value === read.value) return read;
  // Labels of events are rid of the same in the same way, but a pattern would not survive it.
  if (read.operator === '=~' || read.operator === '!~') {
    throw badField(
      `matchers.${index}`,
      'this pattern holds something personal or secret, which no event keeps',
    );
  }
  return { ...read, value };
}

function stretchOf(body: z.infer<typeof wanted>, now: number): { from: number; until: number } {
  const from = momentOf('from', body.from) ?? now;
  const until = momentOf('until', body.until) ?? from + lengthOf(body.duration);
  if (until - from > longestDays * 86_400_000)
    throw badField('until', `a silence lasts at most ${longestDays} days`);
  return { from, until };
}

/** What is to be silent for longer is a matter for the rules, where others see it. */
const longestDays = 366;

function momentOf(path: string, given: string | number | undefined): number | undefined {
  const time = readTime(path, given === undefined ? undefined : String(given));
  if (time !== undefined && isFault(time)) throw badField(path, time.message);
  return time;
}

function lengthOf(given: string | number | undefined): number {
  const length = typeof given === 'string' ? parseDuration(given) : given;
  if (length === undefined) throw badField('duration', 'allowed are 30m, 2h, 7d, or milliseconds');
  return length;
}

const shownSilence = (silence: FoundSilence, project: string): z.infer<typeof silenceShape> => ({
  id: silence.id,
  project,
  state: silence.state,
  matchers: silence.matchers.map((one) => ({ ...one, text: formatMatcher(one) })),
  from: timeOf(silence.from),
  until: timeOf(silence.until),
  comment: silence.comment,
  by: silence.by,
  createdAt: timeOf(silence.createdAt),
  ...(silence.ended && { ended: { by: silence.ended.by, at: timeOf(silence.ended.at) } }),
});

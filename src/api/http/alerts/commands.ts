import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EpisodeCommand } from '../../../domain/alerts/commands.ts';
import { ChronoscopeError } from '../../../domain/errors.ts';
import { verdicts } from '../../../domain/events/alerts.ts';
import { type AlertEpisode, readAlert } from '../../../projections/queries/alerts.ts';
import type { AlertCommands } from '../../alertCommands.ts';
import { callerOf } from '../auth.ts';
import { changeQuery } from '../reads/query.ts';
import { presenceOf } from '../reads/select.ts';
import { instant } from '../reads/shapes.ts';
import type { AppInstance } from '../server.ts';
import { type AlertReadDeps, alertParams, shown, unknownAlert } from './reads.ts';
import { alertShape, shownSaid } from './shapes.ts';

export interface AlertCommandDeps extends AlertReadDeps {
  commands: AlertCommands;
}

const comment = z.string().min(1).max(2_000).optional();

const remark = z.strictObject({ comment }).nullish();

const feedback = z
  .strictObject({
    verdict: z.enum(verdicts),
    duplicateOf: alertParams.shape.id.describe('Of a duplicate: the alert that it repeats').optional(),
    comment,
  })
  .refine(({ verdict, duplicateOf }) => verdict === 'duplicate' || duplicateOf === undefined, {
    path: ['duplicateOf'],
    message: 'belongs to the verdict `duplicate` only',
  });

const changedAlert = alertShape.extend({
  position: z.string().describe('Of what was done; a read `?after=` it sees it'),
  resolutionRequested: z
    .object({ by: z.string(), at: instant, comment: z.string().optional() })
    .optional()
    .describe('After `/resolve`: the alert itself is resolved in a moment'),
});

export function alertCommandRoutes(app: AppInstance, deps: AlertCommandDeps): void {
  const config = { role: 'power_user' } as const;
  const schema = {
    tags: ['alerts'],
    params: alertParams,
    querystring: changeQuery,
    response: { 200: changedAlert },
  };
  app.post(
    '/v1/alerts/:id/acknowledge',
    {
      config,
      schema: { ...schema, summary: 'Say that someone looks after an alert, once', body: remark },
    },
    (request) =>
      carryOut(deps, request, {
        kind: 'acknowledge',
        by: callerOf(request).keyId,
        comment: request.body?.comment,
      }),
  );
  app.post(
    '/v1/alerts/:id/resolve',
    {
      config,
      schema: {
        ...schema,
        summary: 'Take an alert as done',
        description:
          'It is resolved in a moment, and does not fire again for the same stretch unless it gets worse.',
        body: remark,
      },
    },
    (request) =>
      carryOut(deps, request, {
        kind: 'resolve',
        by: callerOf(request).keyId,
        comment: request.body?.comment,
      }),
  );
  app.post(
    '/v1/alerts/:id/feedback',
    {
      config,
      schema: {
        ...schema,
        summary: 'Judge an alert',
        description: 'At any time, and as often as one changes one’s mind: the last judgement counts.',
        body: feedback,
      },
    },
    async (request) => {
      const { duplicateOf } = request.body;
      return carryOut(
        deps,
        request,
        { kind: 'judge', by: callerOf(request).keyId, ...request.body },
        duplicateOf,
      );
    },
  );
}

type CommandRequest = FastifyRequest<{
  Params: z.infer<typeof alertParams>;
  Querystring: z.infer<typeof changeQuery>;
}>;

async function carryOut(
  deps: AlertCommandDeps,
  request: CommandRequest,
  command: EpisodeCommand,
  duplicateOf?: string,
) {
  const presence = await presenceOf(deps, request, request.query);
  const [episode, original] = await Promise.all([
    readAlert(deps.reader, presence, request.params.id),
    duplicateOf === undefined ? undefined : readAlert(deps.reader, presence, duplicateOf),
  ]);
  if (episode === undefined) throw unknownAlert();
  if (duplicateOf !== undefined && original === undefined) {
    throw new ChronoscopeError('CHR_INVALID_REQUEST', 'There is no alert with the id in `duplicateOf`.', {
      details: [{ in: 'body', path: 'duplicateOf', message: 'there is no alert with this id' }],
    });
  }
  const { id, rule, labels, state } = episode;
  const about = { episode: id, rule, labels, state };
  const done = await deps.commands.onEpisode(presence.project, about, command);
  const changed = afterwards(episode, { ...command, comment: done.comment }, done.at);
  const { by } = command;
  return {
    ...shown(deps, presence, changed),
    position: done.position,
    ...(command.kind === 'resolve' && {
      resolutionRequested: shownSaid({ by, at: done.at, comment: done.comment }),
    }),
  };
}

/** The read models follow in a moment; the answer does not wait for them. */
function afterwards(episode: AlertEpisode, command: EpisodeCommand, at: number): AlertEpisode {
  const { by, comment } = command;
  switch (command.kind) {
    case 'acknowledge':
      return { ...episode, acknowledged: { by, at, comment } };
    case 'judge':
      return { ...episode, verdict: command.verdict };
    case 'resolve':
      return episode;
  }
}

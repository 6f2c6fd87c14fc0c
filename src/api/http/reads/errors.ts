import { z } from 'zod';
import { ChronoscopeError } from '../../../domain/errors.ts';
import { readErrorGroup } from '../../../projections/queries/errorGroup.ts';
import { readErrors, trends } from '../../../projections/queries/errors.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import type { AppInstance } from '../server.ts';
import { wholeNumber, windowQuery, withWindow } from './query.ts';
import { type SelectDeps, selectionOf } from './select.ts';
import { about, aboutOf, change, count, instant, point, rate } from './shapes.ts';

const group = {
  fingerprint: z
    .string()
    .describe('The same for the same fault, whatever ids and numbers its messages carry'),
  errorCode: z.string().describe('Empty when none was given'),
  message: z.string().describe('That of the newest occurrence'),
  count,
  change,
  trend: z
    .enum(trends)
    .describe(
      'Occurrences against the window of the same length before: `rising` from 1.5 times as many, `falling` from two thirds, `new` when there was none',
    ),
  firstSeen: instant.describe('Within the window'),
  lastSeen: instant,
};

const errorsBody = z.object({
  ...about,
  total: count.describe(
    'Captured errors, and failing requests of which no error was captured within five minutes',
  ),
  errorRate: rate.describe('Requests that did not succeed, of all requests'),
  groupCount: count.describe('Groups in all; `groups` holds the largest'),
  groups: z.array(
    z.object({
      ...group,
      operations: z.array(z.string()),
      services: z.array(z.string()),
      sampleRequestIds: z.array(z.string()).describe('The newest, at most five'),
    }),
  ),
  byOperation: z.array(
    z.object({
      service: z.string(),
      operation: z.string().describe('Empty for errors that named none'),
      count: count.describe('Errors, counted as in `total`'),
      requests: count,
      failedRequests: count,
      errorRate: rate,
    }),
  ),
});

const groupBody = z.object({
  ...about,
  ...group,
  usersAffected: count,
  operations: z.array(z.object({ service: z.string(), operation: z.string(), count })),
  stepMs: count,
  series: z.array(point),
  samples: z
    .array(
      z.object({
        time: instant,
        service: z.string(),
        operation: z.string().optional(),
        requestId: z.string().optional(),
        traceId: z.string().optional(),
        userId: z.string().optional(),
        message: z.string(),
        stack: z.string().optional(),
      }),
    )
    .describe('The newest, at most ten'),
});

const errorsQuery = withWindow({
  limit: wholeNumber(1, 1_000).describe('Groups to give; default 100').optional(),
});

export function errorRoutes(app: AppInstance, deps: SelectDeps & { reader: Reader }): void {
  const config = { role: 'user' } as const;
  const tags = ['reading'];
  app.get(
    '/v1/errors',
    {
      config,
      schema: {
        tags,
        summary: 'Errors in groups of the same fault',
        querystring: errorsQuery,
        response: { 200: errorsBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const { limit = 100 } = request.query;
      return { ...aboutOf(selection), ...(await readErrors(deps.reader, selection, { limit })) };
    },
  );
  app.get(
    '/v1/errors/:fingerprint',
    {
      config,
      schema: {
        tags,
        summary: 'One group of errors: its course, its places, its newest occurrences',
        params: z.object({ fingerprint: z.string().min(1).max(64) }),
        querystring: windowQuery,
        response: { 200: groupBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const found = await readErrorGroup(deps.reader, selection, request.params.fingerprint);
      if (found === undefined)
        throw new ChronoscopeError('CHR_NOT_FOUND', 'This group has no error in the window.');
      return { ...aboutOf(selection), ...found };
    },
  );
}

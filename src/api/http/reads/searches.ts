import { z } from 'zod';
import { logLevels, statuses } from '../../../domain/events/catalogue.ts';
import { searchLogs } from '../../../projections/queries/logSearch.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { searchRequests } from '../../../projections/queries/requestSearch.ts';
import type { AppInstance } from '../server.ts';
import { cursorOf, cursorText } from './cursor.ts';
import { milliseconds, wholeNumber, withWindow } from './query.ts';
import { type SelectDeps, selectionOf } from './select.ts';
import { about, aboutOf, instant, ms } from './shapes.ts';

const text = z
  .string()
  .min(1)
  .max(500)
  .describe('Words that the message must all hold, in any case; several as one in double quotes')
  .meta({ example: 'timeout "connection pool"' });

const paging = {
  limit: wholeNumber(1, 1_000).describe('Rows to give; default 50').optional(),
  cursor: z
    .string()
    .min(1)
    .max(200)
    .describe('`nextCursor` of the page before, with the same filters')
    .optional(),
};

const filterText = (what: string) => z.string().min(1).max(200).describe(what).optional();

const requestsQuery = withWindow({
  text: text.optional(),
  status: z.enum(statuses).optional(),
  user: filterText('Only of this user'),
  errorCode: filterText('Only with this error code'),
  traceId: filterText('Only of this trace'),
  minDurationMs: milliseconds.describe('At least so long').optional(),
  maxDurationMs: milliseconds.describe('At most so long').optional(),
  ...paging,
});

const logsQuery = withWindow({
  text: text.optional(),
  level: z.enum(logLevels).optional(),
  user: filterText('Only of this user'),
  requestId: filterText('Only of this request'),
  traceId: filterText('Only of this trace'),
  ...paging,
});

const event = {
  time: instant.describe('When it happened'),
  recordedAt: instant.describe('When the log took it'),
  position: z.string(),
  id: z.string(),
  service: z.string(),
  requestId: z.string().optional(),
  traceId: z.string().optional(),
  userId: z.string().optional(),
  attributes: z.record(z.string(), z.string()).describe('Every value as text'),
};

const nextCursor = z.string().optional().describe('For the next page; absent on the last');

const requestsBody = z.object({
  ...about,
  requests: z
    .array(
      z.object({
        ...event,
        operation: z.string(),
        status: z.enum(statuses),
        durationMs: ms,
        errorCode: z.string().optional(),
        errorMessage: z.string().optional(),
      }),
    )
    .describe('The newest first'),
  nextCursor,
});

const logsBody = z.object({
  ...about,
  logs: z
    .array(
      z.object({ ...event, operation: z.string().optional(), level: z.enum(logLevels), message: z.string() }),
    )
    .describe('The newest first'),
  nextCursor,
});

export function searchRoutes(app: AppInstance, deps: SelectDeps & { reader: Reader }): void {
  const config = { role: 'user' } as const;
  const tags = ['reading'];
  app.get(
    '/v1/requests',
    {
      config,
      schema: {
        tags,
        summary: 'Search requests',
        querystring: requestsQuery,
        response: { 200: requestsBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const { limit = 50, cursor, ...filter } = request.query;
      const page = await searchRequests(deps.reader, selection, filter, { limit, cursor: cursorOf(cursor) });
      return {
        ...aboutOf(selection),
        requests: page.rows,
        ...(page.next && { nextCursor: cursorText(page.next) }),
      };
    },
  );
  app.get(
    '/v1/logs',
    {
      config,
      schema: { tags, summary: 'Search log messages', querystring: logsQuery, response: { 200: logsBody } },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const { limit = 50, cursor, ...filter } = request.query;
      const page = await searchLogs(deps.reader, selection, filter, { limit, cursor: cursorOf(cursor) });
      return {
        ...aboutOf(selection),
        logs: page.rows,
        ...(page.next && { nextCursor: cursorText(page.next) }),
      };
    },
  );
}

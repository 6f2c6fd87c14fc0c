import { z } from 'zod';
import { ChronoscopeError } from '../../../domain/errors.ts';
import { eventTypes } from '../../../domain/events/catalogue.ts';
import type { EventLog } from '../../../projections/ports.ts';
import { readRequestEvents } from '../../../projections/queries/requestEvents.ts';
import { shownEvent } from '../../shownEvent.ts';
import type { AppInstance } from '../server.ts';
import { presentQuery } from './query.ts';
import { presenceOf, type SelectDeps } from './select.ts';
import { instant } from './shapes.ts';

const eventShape = z.object({
  id: z.string(),
  type: z.enum(eventTypes),
  version: z.int(),
  position: z.string(),
  time: instant.describe('When it happened'),
  recordedAt: instant.describe('When the log took it'),
  project: z.string(),
  service: z.string(),
  requestId: z.string().optional(),
  traceId: z.string().optional(),
  spanId: z.string().optional(),
  parentSpanId: z.string().optional(),
  userId: z.string().optional(),
  data: z.record(z.string(), z.unknown()).describe('As docs/events.md has it for the type'),
});

const body = z.object({
  requestId: z.string(),
  project: z.string(),
  events: z.array(eventShape).describe('In the order in which they happened'),
  truncated: z.boolean().describe('Whether there are more than the ten thousand given'),
});

export function requestEventRoutes(
  app: AppInstance,
  deps: SelectDeps & { log: Pick<EventLog, 'readStream'> },
): void {
  app.get(
    '/v1/requests/:id',
    {
      config: { role: 'user' },
      schema: {
        tags: ['reading'],
        summary: 'Every event of one request, in full',
        params: z.object({ id: z.string().min(1).max(500) }),
        querystring: presentQuery,
        response: { 200: body },
      },
    },
    async (request) => {
      const { project, asOf } = await presenceOf(deps, request, request.query);
      const { id: requestId } = request.params;
      const { events, truncated } = await readRequestEvents(deps.log, { project, requestId, asOf });
      if (events.length === 0)
        throw new ChronoscopeError('CHR_NOT_FOUND', 'No event of this request is known.');
      return { requestId, project, events: events.map(shownEvent), truncated };
    },
  );
}

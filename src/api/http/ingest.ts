import type { IncomingMessage } from 'node:http';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { nativeExamples } from '../../domain/native/examples.ts';
import { nativeSchema } from '../../domain/native/schema.ts';
import type { Ingest } from '../ingest.ts';
import { callerOf, projectFor } from './auth.ts';
import { type BodyLimits, createBodyReader, defaultBodyLimits } from './bodies.ts';
import { eventMediaTypes, readEvents } from './eventBodies.ts';
import type { AppInstance } from './server.ts';

export interface IngestRouteDeps {
  ingest: Ingest;
  limits?: BodyLimits;
}

const querySchema = z.object({
  project: z.string().min(1).max(200).optional().describe('for keys of every project; default `default`'),
});

const bodySchema = z.union([nativeSchema, z.array(nativeSchema)]).meta({
  description: 'One event or a list; as NDJSON one event a line. CloudEvents 1.0 are taken in every mode.',
  examples: [nativeExamples.request, [nativeExamples.error, nativeExamples.metric]],
});

const answerSchema = z
  .object({
    accepted: z.int().describe('newly stored'),
    duplicates: z.int().describe('stored before under the same id'),
    rejected: z.array(z.object({ index: z.int(), code: z.string(), message: z.string() })),
    position: z.string().describe('give it to a read as `after`'),
  })
  .meta({
    description: 'All accepted events are on disk.',
    examples: [{ accepted: 2, duplicates: 0, rejected: [], position: '1234' }],
  });

export function ingestRoutes(app: AppInstance, deps: IngestRouteDeps): void {
  void app.register(async (scope) => {
    // The body stays a stream: it is read here, within limits of its own, once the caller is known.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    addEventsRoute(scope as AppInstance, deps);
  });
}

function addEventsRoute(app: AppInstance, { ingest, limits = defaultBodyLimits }: IngestRouteDeps): void {
  const readBody = createBodyReader(limits);
  app.post(
    '/v1/events',
    {
      config: { role: 'ingest' },
      // The schema of the body is for its description: each event is judged alone, so that one cannot spoil a batch.
      // Fastify types the whole schema there, though what comes is one part of it: hence the cast.
      validatorCompiler: (part) =>
        part.httpPart === 'body' ? (value) => ({ value }) : validatorCompiler(part as never),
      schema: {
        summary: 'Send events',
        description: 'Answers once all accepted events are on disk.',
        tags: ['ingest'],
        consumes: [...eventMediaTypes],
        querystring: querySchema,
        body: bodySchema,
        response: { 200: answerSchema },
      },
    },
    async (request) => {
      const project = projectFor(callerOf(request), request.query.project);
      const lease = ingest.lease();
      try {
        const stream = request.body as unknown as IncomingMessage | undefined;
        const body = stream === undefined ? Buffer.alloc(0) : await readBody(stream, request.headers, lease);
        const { items, cleanTexts } = readEvents(request.headers, body, {
          maxEvents: ingest.limits.maxEventsPerRequest,
          project,
        });
        return await ingest.accept(items, { project, cleanTexts });
      } finally {
        lease.release();
      }
    },
  );
}

import { z } from 'zod';
import type { Readiness } from '../readiness.ts';
import type { AppInstance } from './server.ts';

export type LifeState = 'starting' | 'running' | 'stopping';

export interface HealthDeps {
  version: string;
  state: () => LifeState;
  uptimeMs: () => number;
  readiness: () => Promise<Readiness>;
}

const healthBody = z.object({
  status: z.enum(['starting', 'running', 'stopping']),
  version: z.string(),
  uptimeMs: z.number(),
});

const readyBody = z.object({
  status: z.enum(['ready', 'degraded', 'starting', 'stopping', 'unavailable']),
  dependencies: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['up', 'down', 'degraded']),
      reason: z.enum(['timeout', 'failed']).optional(),
      detail: z.string().optional().meta({ description: 'For callers with a valid key only.' }),
      tookMs: z.number(),
    }),
  ),
});

export function healthRoutes(app: AppInstance, deps: HealthDeps): void {
  const config = { role: 'open' } as const;
  app.get(
    '/health',
    {
      config,
      schema: {
        tags: ['operation'],
        summary: 'Whether the process lives; asks nothing else, so it answers in any state',
        response: { 200: healthBody },
      },
    },
    () => ({ status: deps.state(), version: deps.version, uptimeMs: Math.round(deps.uptimeMs()) }),
  );
  app.get(
    '/ready',
    {
      config,
      schema: {
        tags: ['operation'],
        summary: 'Whether it can serve, and which dependency fails',
        response: { 200: readyBody, 503: readyBody },
      },
    },
    async (request, reply) => {
      const readiness = await deps.readiness();
      const status = statusOf(deps.state(), readiness);
      const known = request.caller !== undefined;
      const dependencies = readiness.dependencies.map(({ detail, ...rest }) =>
        known && detail !== undefined ? { ...rest, detail } : rest,
      );
      const serves = status === 'ready' || status === 'degraded';
      return reply.code(serves ? 200 : 503).send({ status, dependencies });
    },
  );
}

function statusOf(state: LifeState, readiness: Readiness): z.infer<typeof readyBody>['status'] {
  if (state !== 'running') return state;
  if (!readiness.ready) return 'unavailable';
  return readiness.dependencies.some((dependency) => dependency.state === 'degraded') ? 'degraded' : 'ready';
}

import { z } from 'zod';
import { severities } from '../../../domain/alerts/rule.ts';
import type { EventLog } from '../../../projections/ports.ts';
import { type FiringAlerts, readFiringAlerts } from '../../../projections/queries/firingAlerts.ts';
import { type Positions, readPositions } from '../../../projections/queries/positions.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { timeOf } from '../../../projections/queries/selection.ts';
import type { Runner } from '../../../projections/runner.ts';
import type { Readiness } from '../../readiness.ts';
import type { AppInstance } from '../server.ts';
import { presentQuery } from './query.ts';
import { presenceOf, type SelectDeps } from './select.ts';
import { count, instant } from './shapes.ts';

export interface StandingDeps extends SelectDeps {
  log: SelectDeps['log'] & Pick<EventLog, 'head' | 'readByTime' | 'compare' | 'distance'>;
  runner: Pick<Runner, 'reached' | 'standings'>;
  /** Answers within half a second, whatever it stands on. */
  readiness: () => Promise<Readiness>;
  /** Gives up as soon. */
  reader: Reader;
  version: string;
  /** Epoch milliseconds. */
  startedAt: number;
}

const position = z.string().optional().describe('Absent before the first event').meta({ example: '1042' });
const lag = {
  lagEvents: count.describe('Events of the log that it has yet to take in'),
  lagMs: z.number().min(0).describe('How old what it has taken in is, while anything is left'),
};

const positionsBody = z.object({
  head: position,
  projections: z.array(
    z.object({
      name: z.string(),
      version: z.int(),
      generation: z.int(),
      position,
      ...lag,
      error: z.string().optional().describe('Why its last insert failed, while it is tried again'),
    }),
  ),
});

const statusBody = z.object({
  healthy: z.boolean().describe('Every dependency that is needed serves, and no projection fails'),
  version: z.string(),
  startedAt: instant,
  uptimeMs: z.number().min(0),
  dependencies: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['up', 'down', 'degraded']),
      reason: z.enum(['timeout', 'failed']).optional(),
      detail: z.string().optional(),
      tookMs: z.number().min(0),
    }),
  ),
  projections: z.object({
    count,
    failing: z.array(z.string()),
    ...lag,
  }),
  alerts: z
    .object({
      firing: z
        .array(
          z.object({
            id: z.string(),
            rule: z.string(),
            severity: z.enum(severities),
            state: z.enum(['firing', 'recovering']),
            title: z.string(),
            labels: z.record(z.string(), z.string()),
            since: instant,
          }),
        )
        .describe('The worst first, at most a hundred'),
      counts: z.record(z.enum(severities), count).describe('All that fire, by severity'),
    })
    .optional()
    .describe('Of the project; absent while the read store does not answer'),
});

export function standingRoutes(app: AppInstance, deps: StandingDeps): void {
  const config = { role: 'user' } as const;
  const tags = ['reading'];
  app.get(
    '/v1/positions',
    {
      config,
      schema: {
        tags,
        summary: 'Where the log and every projection stand',
        description: 'With `asOf`, measured from where the log stood then.',
        querystring: presentQuery,
        response: { 200: positionsBody },
      },
    },
    async (request) => {
      const { asOf } = await presenceOf(deps, request, request.query);
      return shownPositions(await readPositions(deps.log, deps.runner, asOf));
    },
  );
  app.get(
    '/v1/status',
    {
      config,
      schema: {
        tags,
        summary: 'Whether the engine is well, and what it stands on',
        description: '`asOf` concerns the lag of the projections and the alerts; the rest is of now.',
        querystring: presentQuery,
        response: { 200: statusBody },
      },
    },
    async (request) => {
      const presence = await presenceOf(deps, request, request.query);
      const [readiness, { projections }, alerts] = await Promise.all([
        deps.readiness(),
        readPositions(deps.log, deps.runner, presence.asOf),
        // That the store is away is told among the dependencies.
        readFiringAlerts(deps.reader, presence).catch((): FiringAlerts | undefined => undefined),
      ]);
      const failing = projections.filter(({ error }) => error !== undefined);
      return {
        healthy: readiness.ready && failing.length === 0,
        version: deps.version,
        startedAt: timeOf(deps.startedAt),
        uptimeMs: Math.max(0, Math.round(deps.clock() - deps.startedAt)),
        dependencies: readiness.dependencies,
        projections: {
          count: projections.length,
          failing: failing.map(({ projection }) => projection),
          lagEvents: Math.max(0, ...projections.map(({ lagEvents }) => lagEvents)),
          lagMs: Math.max(0, ...projections.map(({ lagMs }) => lagMs)),
        },
        ...(alerts !== undefined && { alerts }),
      };
    },
  );
}

const shownPositions = ({ head, projections }: Positions) => ({
  ...(head !== undefined && { head }),
  projections: projections.map(({ projection, version, generation, position, lagEvents, lagMs, error }) => ({
    name: projection,
    version,
    generation,
    ...(position !== undefined && { position }),
    lagEvents,
    lagMs,
    ...(error !== undefined && { error }),
  })),
});

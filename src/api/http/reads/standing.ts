import { z } from 'zod';
import { severities } from '../../../domain/alerts/rule.ts';
import type { FollowerStanding } from '../../../projections/follow.ts';
import type { EventLog } from '../../../projections/ports.ts';
import { type FiringAlerts, readFiringAlerts } from '../../../projections/queries/firingAlerts.ts';
import { type Positions, readPositions } from '../../../projections/queries/positions.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { timeOf } from '../../../projections/queries/selection.ts';
import type { Standings } from '../../../projections/standings.ts';
import type { Readiness } from '../../readiness.ts';
import type { AppInstance } from '../server.ts';
import { presentQuery } from './query.ts';
import { presenceOf, type SelectDeps } from './select.ts';
import { count, instant } from './shapes.ts';

export interface StandingDeps extends SelectDeps {
  log: SelectDeps['log'] & Pick<EventLog, 'head' | 'readByTime' | 'compare' | 'distance'>;
  runner: Pick<Standings, 'reached' | 'standings'>;
  /** Answers within half a second, whatever it stands on. */
  readiness: () => Promise<Readiness>;
  /** Gives up as soon. */
  reader: Reader;
  /** Where those stand that decide alerts and tell people of them. */
  followers?: (() => Promise<Followers>) | undefined;
  version: string;
  /** Epoch milliseconds. */
  startedAt: number;
}

/** Undefined while nobody can tell, such as when their process has yet to start. */
type Followers = Record<'alerts' | 'notifications', FollowerStanding | undefined>;

const position = z.string().optional().describe('Absent before the first event').meta({ example: '1042' });
const lag = {
  lagEvents: count.describe('Events of the log that it has yet to take in'),
  lagMs: z.number().min(0).describe('How old what it has taken in is, while anything is left'),
};

const follower = z.object({
  position,
  ...lag,
  error: z.string().optional().describe('Why it does not get on, while it is tried again'),
});

const positionsBody = z.object({
  head: position,
  alerts: follower.optional().describe('Up to where alerts have been decided'),
  notifications: follower.optional().describe('Up to where people have been told'),
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
  healthy: z
    .boolean()
    .describe('Every dependency that is needed serves, no projection fails, and alerts are decided and told'),
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
  projections: z
    .object({
      count,
      failing: z.array(z.string()),
      ...lag,
    })
    .optional()
    .describe('Absent while the log does not answer'),
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
        summary: 'Where the log, every projection and the alert processor stand',
        description: 'With `asOf`, projections are measured from where the log stood then.',
        querystring: presentQuery,
        response: { 200: positionsBody },
      },
    },
    async (request) => {
      const { asOf } = await presenceOf(deps, request, request.query);
      const [positions, followers] = await Promise.all([
        readPositions(deps.log, deps.runner, asOf),
        deps.followers?.(),
      ]);
      return { ...shownPositions(positions), ...shownFollowers(followers) };
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
      // That the log or the store is away is told among the dependencies.
      const [readiness, positions, alerts, followers] = await Promise.all([
        deps.readiness(),
        inTime(readPositions(deps.log, deps.runner, presence.asOf)),
        readFiringAlerts(deps.reader, presence).catch((): FiringAlerts | undefined => undefined),
        inTime(deps.followers?.()),
      ]);
      const projections = positions?.projections ?? [];
      const failing = projections.filter(({ error }) => error !== undefined);
      return {
        healthy: readiness.ready && failing.length === 0 && !isHeldUp(followers),
        version: deps.version,
        startedAt: timeOf(deps.startedAt),
        uptimeMs: Math.max(0, Math.round(deps.clock() - deps.startedAt)),
        dependencies: readiness.dependencies,
        ...(positions !== undefined && {
          projections: {
            count: projections.length,
            failing: failing.map(({ projection }) => projection),
            lagEvents: Math.max(0, ...projections.map(({ lagEvents }) => lagEvents)),
            lagMs: Math.max(0, ...projections.map(({ lagMs }) => lagMs)),
          },
        }),
        ...(alerts !== undefined && { alerts }),
      };
    },
  );
}

/** The state is asked for most when something is away, and is then told without it. */
const patienceMs = 500;

/** Undefined when it fails, or takes too long. */
async function inTime<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
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

const shownFollower = ({ position, lagEvents, lagMs, error }: FollowerStanding) => ({
  ...(position !== undefined && { position }),
  lagEvents,
  lagMs,
  ...(error !== undefined && { error }),
});

const shownFollowers = ({ alerts, notifications }: Partial<Followers> = {}) => ({
  ...(alerts && { alerts: shownFollower(alerts) }),
  ...(notifications && { notifications: shownFollower(notifications) }),
});

const isHeldUp = ({ alerts, notifications }: Partial<Followers> = {}): boolean =>
  alerts?.error !== undefined || notifications?.error !== undefined;

import { z } from 'zod';
import { parseDuration } from '../../../domain/units.ts';
import { stepFor } from '../../../domain/window.ts';
import { readKpis } from '../../../projections/queries/kpis.ts';
import { readLatency } from '../../../projections/queries/latency.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { readSeries, seriesMetrics } from '../../../projections/queries/series.ts';
import type { AppInstance } from '../server.ts';
import { windowQuery, withWindow } from './query.ts';
import { badParameter, type SelectDeps, selectionOf } from './select.ts';
import { about, aboutOf, change, count, ms, point, rate } from './shapes.ts';

const place = { service: z.string(), operation: z.string() };

const latencyBody = z.object({
  ...about,
  operations: z.array(
    z.object({
      ...place,
      count,
      errorCount: count.describe('Requests that did not succeed'),
      errorRate: rate,
      avgMs: ms,
      p50Ms: ms.describe('Percentiles are right within 1 %'),
      p95Ms: ms,
      p99Ms: ms,
      maxMs: ms,
    }),
  ),
});

const figures = z.object({ requests: count, failedRequests: count, successRate: rate, activeUsers: count });
const changes = z.object({
  requests: change,
  failedRequests: change,
  successRate: change,
  activeUsers: change,
});

const kpisBody = z.object({
  ...about,
  ...figures.shape,
  operations: z.array(z.object({ ...place, count, previousCount: count, change })),
  previous: figures.describe('Of the window of the same length before'),
  change: changes,
});

const seriesQuery = withWindow({
  metric: z.enum(seriesMetrics),
  step: z
    .string()
    .max(20)
    .describe('From 1s; whole minutes beyond a minute. Default: what gives about 120 points')
    .meta({ example: '1m' })
    .optional(),
});

const seriesBody = z.object({
  ...about,
  metric: z.enum(seriesMetrics),
  stepMs: count,
  points: z.array(point).describe('One a step, without a gap; 0 where nothing happened'),
});

const mostPoints = 2_000;

export function figureRoutes(app: AppInstance, deps: SelectDeps & { reader: Reader }): void {
  const config = { role: 'user' } as const;
  const tags = ['reading'];
  app.get(
    '/v1/latency',
    {
      config,
      schema: {
        tags,
        summary: 'How long requests took, by operation',
        querystring: windowQuery,
        response: { 200: latencyBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      return { ...aboutOf(selection), operations: await readLatency(deps.reader, selection) };
    },
  );
  app.get(
    '/v1/kpis',
    {
      config,
      schema: {
        tags,
        summary: 'Requests, success, active users and operations against the window before',
        querystring: windowQuery,
        response: { 200: kpisBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      return { ...aboutOf(selection), ...(await readKpis(deps.reader, selection)) };
    },
  );
  app.get(
    '/v1/series',
    {
      config,
      schema: {
        tags,
        summary: 'Points for a chart',
        querystring: seriesQuery,
        response: { 200: seriesBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const { metric, step } = request.query;
      const stepMs = step === undefined ? stepFor(selection.window, 120) : stepOf(step);
      const points = (selection.window.to - selection.window.from) / stepMs;
      if (points > mostPoints) {
        throw badParameter({
          parameter: 'step',
          message: `this window has ${Math.ceil(points)} steps of that length; at most ${mostPoints} are given`,
        });
      }
      return {
        ...aboutOf(selection),
        metric,
        stepMs,
        points: await readSeries(deps.reader, selection, { metric, stepMs }),
      };
    },
  );
}

function stepOf(text: string): number {
  const stepMs = parseDuration(text);
  if (stepMs === undefined || stepMs % 1_000 !== 0 || (stepMs > 60_000 && stepMs % 60_000 !== 0)) {
    throw badParameter({
      parameter: 'step',
      message: 'allowed are whole seconds up to a minute, and whole minutes: 10s, 1m, 1h',
    });
  }
  return stepMs;
}

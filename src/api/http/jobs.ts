import { z } from 'zod';
import { ChronoscopeError } from '../../domain/errors.ts';
import { nearest } from '../../domain/nearest.ts';
import { timeOf } from '../../projections/queries/selection.ts';
import { verify } from '../../projections/rebuild.ts';
import type { Runner, Tracked } from '../../projections/runner.ts';
import {
  type Job,
  type Jobs,
  jobStates,
  type ReadModelDeps,
  type ReadModelWork,
  rebuilding,
  startOnEach,
} from '../jobs.ts';
import type { Caller } from '../ports.ts';
import { callerOf, hasRole } from './auth.ts';
import type { AppInstance } from './server.ts';

const instant = z.string().describe('RFC 3339');

const jobShape = z.object({
  id: z.string(),
  kind: z.string().describe('`rebuild`, `verification` or `backtest`'),
  project: z.string().describe('`*` for work on the engine as a whole'),
  state: z.enum(jobStates),
  createdAt: instant,
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  progress: z
    .unknown()
    .optional()
    .describe('How far it is')
    .meta({ example: { projection: 'requests', phase: 'reading', eventsRead: 20_000, eventsTotal: 90_000 } }),
  result: z.unknown().optional().describe('What came of it, once it has succeeded'),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

export const jobBody = z.object({ job: jobShape });

const wanted = z
  .strictObject({
    projections: z.array(z.string().max(200)).max(100).optional().describe('Names; all when absent or empty'),
  })
  .nullish();

export interface JobRoutesDeps extends Omit<ReadModelDeps, 'runner'> {
  /** Undefined where the read models are built by another process. */
  runner: () => Runner | undefined;
}

export function jobRoutes(app: AppInstance, deps: JobRoutesDeps): void {
  longWork(
    app,
    deps,
    '/v1/rebuilds',
    'rebuild',
    'Build read models anew from the log, beside the present ones',
    rebuilding,
  );
  longWork(
    app,
    deps,
    '/v1/verifications',
    'verification',
    'Recompute read models from the log and compare checksums',
    verify,
  );
  followRoutes(app, deps.jobs);
}

function longWork(
  app: AppInstance,
  deps: JobRoutesDeps,
  url: string,
  kind: string,
  summary: string,
  work: ReadModelWork,
): void {
  app.post(
    url,
    {
      config: { role: 'admin' },
      schema: { tags: ['jobs'], summary, body: wanted, response: { 202: jobBody } },
    },
    async (request, reply) => {
      refuseBound(callerOf(request));
      const runner = deps.runner() ?? refuseElsewhere();
      const chosen = choose(runner, request.body?.projections ?? []);
      const job = startOnEach({ ...deps, runner }, kind, chosen, work);
      return reply
        .code(202)
        .header('location', `/v1/jobs/${job.id}`)
        .send({ job: shownJob(job) });
    },
  );
}

function refuseElsewhere(): never {
  throw new ChronoscopeError(
    'CHR_NOT_HERE',
    'This process does not build the read models as a whole: another one does, or several share them by lanes.',
  );
}

/** The read models are those of all projects together. */
function refuseBound(caller: Caller): void {
  if (caller.project === '*') return;
  throw new ChronoscopeError('CHR_FORBIDDEN', 'This concerns every project, and the key belongs to one.', {
    details: { project: caller.project, needed: '*' },
  });
}

function choose(runner: Runner, names: readonly string[]): readonly Tracked[] {
  const known = runner.tracked.map(({ projection }) => projection.name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    const near = nearest(stranger, known);
    const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
    throw new ChronoscopeError(
      'CHR_INVALID_REQUEST',
      `There is no projection "${stranger.slice(0, 40)}": ${hint}`,
      {
        details: { known },
      },
    );
  }
  return names.length === 0
    ? runner.tracked
    : runner.tracked.filter(({ projection }) => names.includes(projection.name));
}

function followRoutes(app: AppInstance, jobs: Jobs): void {
  const config = { role: 'user' } as const;
  const tags = ['jobs'];
  const params = z.object({ id: z.string().min(1).max(64) });
  app.get(
    '/v1/jobs',
    {
      config,
      schema: {
        tags,
        summary: 'Long work that runs, waits or has ended of late',
        querystring: z.strictObject({ state: z.enum(jobStates).optional() }),
        response: { 200: z.object({ jobs: z.array(jobShape) }) },
      },
    },
    (request) => {
      const { state } = request.query;
      const seen = jobs.list().filter((job) => maySee(callerOf(request), job));
      return { jobs: seen.filter((job) => state === undefined || job.state === state).map(listedJob) };
    },
  );
  const find = (caller: Caller, id: string): Job => {
    const job = jobs.get(id);
    // What a caller may not see looks like nothing at all, so that ids cannot be probed.
    if (job === undefined || !maySee(caller, job)) {
      throw new ChronoscopeError('CHR_NOT_FOUND', 'There is no job with this id.');
    }
    return job;
  };
  app.get(
    '/v1/jobs/:id',
    { config, schema: { tags, summary: 'How far one job is', params, response: { 200: jobBody } } },
    (request) => ({ job: shownJob(find(callerOf(request), request.params.id)) }),
  );
  app.delete(
    '/v1/jobs/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Cancel a job',
        description: 'It ends at its next step, and changes nothing that readers see.',
        params,
        response: { 202: jobBody },
      },
    },
    async (request, reply) => {
      const { id } = find(callerOf(request), request.params.id);
      if (!jobs.cancel(id)) throw new ChronoscopeError('CHR_CONFLICT', 'The job has ended already.');
      return reply.code(202).send({ job: shownJob(find(callerOf(request), id)) });
    },
  );
}

/** Jobs of one project are for its keys, jobs of the whole engine for keys of every project. */
export const maySee = (caller: Caller, job: Job): boolean =>
  hasRole(caller, job.role) && (caller.project === '*' || caller.project === job.project);

export const shownJob = ({ role: _role, createdAt, startedAt, endedAt, ...job }: Job) => ({
  ...job,
  createdAt: timeOf(createdAt),
  ...(startedAt === undefined ? {} : { startedAt: timeOf(startedAt) }),
  ...(endedAt === undefined ? {} : { endedAt: timeOf(endedAt) }),
});

/** Results of megabytes are given to whoever asks for that one job. */
const bulky: readonly string[] = ['backtest'];

/** As it stands in lists and goes out live. */
export function listedJob(job: Job) {
  const { result, ...rest } = shownJob(job);
  return result === undefined || bulky.includes(job.kind) ? rest : { ...rest, result };
}

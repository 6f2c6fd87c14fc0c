import { type BacktestDeps, backtestBody, prepareBacktest } from '../backtests.ts';
import { shownTimes } from '../backtestTimes.ts';
import type { Jobs } from '../jobs.ts';
import { callerOf, projectFor } from './auth.ts';
import { jobBody, shownJob } from './jobs.ts';
import type { AppInstance } from './server.ts';

export interface BacktestRoutesDeps extends BacktestDeps {
  jobs: Jobs;
}

/** Two rules files, and what is around them. */
const mostBytes = 3_000_000;

export function backtestRoutes(app: AppInstance, { jobs, ...deps }: BacktestRoutesDeps): void {
  app.post(
    '/v1/backtests',
    {
      config: { role: 'power_user', cost: 10 },
      bodyLimit: mostBytes,
      schema: {
        tags: ['alerts'],
        summary: 'Try alert rules on the past',
        description:
          'Replays a stretch of the log through the rules, beside everything else, and sends nothing. The result of the job tells what would have fired, for how long, who would have been told, and what the log cannot tell.',
        body: backtestBody,
        response: { 202: jobBody },
      },
    },
    async (request, reply) => {
      const project = projectFor(callerOf(request), request.body.project);
      const work = prepareBacktest(deps, request.body, project);
      const job = jobs.start({ kind: 'backtest', project, role: 'power_user' }, async (context) => {
        const { result, fixture } = await work({ signal: context.signal, onProgress: context.progress });
        const shown = shownTimes(result);
        return fixture === undefined ? shown : { ...shown, fixture: Buffer.from(fixture).toString('base64') };
      });
      return reply
        .code(202)
        .header('location', `/v1/jobs/${job.id}`)
        .send({ job: shownJob(job) });
    },
  );
}

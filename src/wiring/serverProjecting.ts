import { readModelJobs } from '../api/jobs.ts';
import { projections } from '../projections/catalogue.ts';
import { CheckpointTakenError, type ReadStore } from '../projections/ports.ts';
import { createRunner, type Runner, type RunnerDeps } from '../projections/runner.ts';
import { standBy, type Work } from '../projections/standBy.ts';
import { openWholeStandings } from '../projections/wholeStandings.ts';
import { workCheck } from './observing.ts';
import {
  admitAnalysts,
  followVersions,
  type Projecting,
  type ProjectingDeps,
  runnerDeps,
  storeAnswers,
  whicheverIs,
} from './projectingParts.ts';

/** Who asks elsewhere with `after` waits for it. */
const tellAfterMs = 100;

/** Read models on a server, kept up from the log itself: by one process at a time, seen by all. */
export async function openServerProjecting(deps: ProjectingDeps, store: ReadStore): Promise<Projecting> {
  const { config, stores, jobs, observer, clock, cleanups } = deps;
  let runner: Runner | undefined;

  async function begin(signal: AbortSignal, overtaken: () => void): Promise<Work> {
    await storeAnswers(deps, store, signal);
    const wanted = { ...runnerDeps(deps, store), tellAfterMs };
    const opened = await createRunner({ ...wanted, observer: noticing(wanted.observer, overtaken) });
    await admitAnalysts(deps, store);
    opened.start();
    const stopVersions = followVersions(deps, opened);
    runner = opened;
    return {
      async stop() {
        runner = undefined;
        await stopVersions();
        // What works on the read models' tables must not go on while another process does.
        await jobs.end(readModelJobs);
        await opened.stop();
      },
    };
  }

  const isOurs = config.roles.includes('project');
  const { glance, log, leases } = stores;
  const remote = await openWholeStandings({ checkpoints: glance, log, projections, clock });
  cleanups.push(remote.close);
  const name = `project-${store.layout.database}`;
  const standingBy = standBy({ leases, name, begin, observer, stopwatch: () => performance.now() });
  const start = async () => {
    if (!isOurs) return;
    // A store that is away does not keep this process from coming up and saying so.
    standingBy.start().catch((error: unknown) => observer.failed(name, error));
    cleanups.push(standingBy.stop);
  };
  const checks = isOurs ? [workCheck(config, 'projecting', standingBy)] : [];
  return { readers: whicheverIs(() => runner, remote), builder: () => runner, checks, start };
}

/** A worker whose checkpoint another process has gone on with would try for ever. */
const noticing = (observer: RunnerDeps['observer'], overtaken: () => void): RunnerDeps['observer'] => ({
  ...observer,
  failed(projection, error, retryInMs) {
    observer.failed(projection, error, retryInMs);
    if (error instanceof CheckpointTakenError) overtaken();
  },
});

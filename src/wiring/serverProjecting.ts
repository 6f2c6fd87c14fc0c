import { projections } from '../projections/catalogue.ts';
import type { ReadStore } from '../projections/ports.ts';
import { createRunner, type Runner } from '../projections/runner.ts';
import { standBy, type Work } from '../projections/standBy.ts';
import { openWholeStandings } from '../projections/wholeStandings.ts';
import {
  admitAnalysts,
  followVersions,
  type Projecting,
  type ProjectingDeps,
  runnerDeps,
  storeAnswers,
  whicheverIs,
} from './projectingParts.ts';

/** Read models on a server, kept up from the log itself: by one process at a time, seen by all. */
export async function openServerProjecting(deps: ProjectingDeps, store: ReadStore): Promise<Projecting> {
  const { config, stores, observer, clock, cleanups } = deps;
  let runner: Runner | undefined;

  async function begin(signal: AbortSignal): Promise<Work> {
    await storeAnswers(deps, store, signal);
    const opened = await createRunner(runnerDeps(deps, store));
    await admitAnalysts(deps, store);
    opened.start();
    const stopVersions = followVersions(deps, opened);
    runner = opened;
    return {
      async stop() {
        runner = undefined;
        await stopVersions();
        await opened.stop();
      },
    };
  }

  const { glance, log, leases } = stores;
  const remote = await openWholeStandings({ checkpoints: glance, log, projections, clock });
  cleanups.push(remote.close);
  const name = `project-${store.layout.database}`;
  const standingBy = standBy({ leases, name, begin, observer, stopwatch: () => performance.now() });
  const start = async () => {
    if (!config.roles.includes('project')) return;
    // A store that is away does not keep this process from coming up and saying so.
    standingBy.start().catch((error: unknown) => observer.failed(name, error));
    cleanups.push(standingBy.stop);
  };
  return { readers: whicheverIs(() => runner, remote), builder: () => runner, checks: [], start };
}

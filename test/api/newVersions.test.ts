import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNewVersions, createJobs, type Job } from '../../src/api/jobs.ts';
import type { Projector } from '../../src/projections/projector.ts';
import { createRunner, type RunnerDeps } from '../../src/projections/runner.ts';
import { temporaryEngine } from '../support/engine.ts';
import { event } from '../support/events.ts';
import {
  emptyHouse,
  releaseWith,
  requestsV2,
  requestTables,
  tablesV1,
  tablesV2,
} from '../support/versions.ts';

/** Reads nothing until it is told to end. */
const stuck: Projector = {
  next: ({ signal }) =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve(undefined);
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
    }),
};

describe('new versions', { timeout: 60_000 }, () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  /** An engine with requests in the tables of the release before. */
  async function openNextRelease(over: Partial<RunnerDeps> = {}) {
    const house = await emptyHouse(real.store);
    const former = await createRunner(house.deps);
    former.start();
    const position = await house.append(Array.from({ length: 30 }, () => event('RequestCompleted')));
    expect(await former.reached(position, 20_000)).toBe(true);
    await former.stop();
    const runner = await createRunner({ ...house.deps, projections: releaseWith(requestsV2), ...over });
    let ids = 0;
    const jobs = createJobs({ clock: Date.now, newId: () => `job-${++ids}` });
    const failures: { projection: string; reason: string; retryInMs: number }[] = [];
    const building = buildNewVersions({
      jobs,
      runner,
      log: house.log,
      firstRetryMs: 5,
      onFailed: (projection, reason, retryInMs) => failures.push({ projection, reason, retryInMs }),
    });
    const stop = async () => {
      await building.stop();
      await jobs.close();
      await runner.stop();
    };
    return { runner, jobs, failures, building, stop };
  }

  const states = (jobs: { list(): Job[] }) => jobs.list().map(({ state }) => state);

  it('are built as jobs, which are begun again while the store is away', async () => {
    let away = true;
    const store = {
      ...real.store,
      insert: async (batch: Parameters<typeof real.store.insert>[0]) => {
        if (away) throw new Error('the store is away');
        await real.store.insert(batch);
      },
    };
    const { runner, jobs, failures, stop } = await openNextRelease({ store });
    await expect.poll(() => failures.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    expect(failures.slice(0, 3)).toEqual(
      [5, 10, 20].map((retryInMs) => ({ projection: 'requests', reason: 'the store is away', retryInMs })),
    );
    expect(jobs.list().at(-1)).toMatchObject({
      kind: 'rebuild',
      state: 'failed',
      project: '*',
      role: 'admin',
    });
    away = false;
    await expect.poll(() => states(jobs)[0], { timeout: 30_000 }).toBe('succeeded');
    expect(jobs.list()[0]).toMatchObject({ result: ['requests'], progress: { phase: 'done' } });
    expect(runner.outdated()).toEqual([]);
    expect(await requestTables(real.store)).toEqual(tablesV2());
    await stop();
    expect(states(jobs).filter((state) => state === 'succeeded')).toHaveLength(1);
  });

  it('are cancelled and waited for when the engine stops', async () => {
    const { runner, jobs, failures, building, stop } = await openNextRelease({ projector: stuck });
    await expect.poll(() => states(jobs), { timeout: 20_000 }).toEqual(['running']);
    await expect.poll(() => requestTables(real.store), { timeout: 20_000 }).toContain('requests_v2g2');
    await building.stop();
    expect(states(jobs)).toEqual(['cancelled']);
    expect(failures).toEqual([]);
    expect(await requestTables(real.store)).toEqual(tablesV1());
    expect(runner.outdated()).toHaveLength(1);
    await stop();
  });

  it('are left alone once somebody has cancelled the job', async () => {
    const { runner, jobs, failures, stop } = await openNextRelease({ projector: stuck });
    await expect.poll(() => states(jobs), { timeout: 20_000 }).toEqual(['running']);
    jobs.cancel('job-1');
    await expect.poll(() => states(jobs), { timeout: 20_000 }).toEqual(['cancelled']);
    await stop();
    expect(states(jobs)).toEqual(['cancelled']);
    expect(failures).toEqual([]);
    expect(runner.outdated()).toHaveLength(1);
  });

  it('wait no longer for another try when the engine stops', async () => {
    const store = {
      ...real.store,
      insert: async () => {
        throw new Error('the store is away');
      },
    };
    const { jobs, failures, stop } = await openNextRelease({ store });
    await expect.poll(() => failures.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
    await stop();
    const tries = jobs.list().length;
    expect(states(jobs)).not.toContain('queued');
    expect(failures.length).toBeLessThanOrEqual(tries);
  });
});

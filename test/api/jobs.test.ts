import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobRoutes } from '../../src/api/http/jobs.ts';
import { createJobs, type Jobs } from '../../src/api/jobs.ts';
import { event } from '../support/events.ts';
import { type Answer, openReading, type ReadingEngine } from '../support/reads.ts';
import { as } from '../support/server.ts';

const newJobs = (): Jobs => {
  let ids = 0;
  return createJobs({ clock: () => 1_000 + ids, newId: () => `job-${++ids}` });
};

/** Work that goes on until it is told to end. */
function untilTold() {
  let end = (_result: unknown): void => undefined;
  const work = ({ signal }: { signal: AbortSignal }) =>
    new Promise<unknown>((resolve, reject) => {
      end = resolve;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  return { work, end: (result: unknown) => end(result) };
}

const about = { kind: 'rebuild', project: '*', role: 'admin' } as const;
const ended = (jobs: Jobs, id: string) =>
  expect.poll(() => jobs.get(id)?.endedAt, { timeout: 60_000 }).toBeTypeOf('number');

describe('jobs', () => {
  it('run one at a time, in the order of asking', async () => {
    const jobs = newJobs();
    const first = untilTold();
    const a = jobs.start(about, first.work);
    const b = jobs.start(about, async () => 'b');
    await expect.poll(() => jobs.get(a.id)?.state, { timeout: 10_000 }).toBe('running');
    expect(jobs.get(b.id)?.state).toBe('queued');
    first.end('a');
    await ended(jobs, b.id);
    expect(jobs.list().map(({ result }) => result)).toEqual(['b', 'a']);
  });

  it('can be cancelled while they wait and while they run', async () => {
    const jobs = newJobs();
    const a = jobs.start(about, untilTold().work);
    const b = jobs.start(about, async () => 'never');
    await expect.poll(() => jobs.get(a.id)?.state, { timeout: 10_000 }).toBe('running');
    expect(jobs.cancel(b.id)).toBe(true);
    expect(jobs.get(b.id)?.state).toBe('cancelled');
    expect(jobs.cancel(a.id)).toBe(true);
    await ended(jobs, a.id);
    expect(jobs.get(a.id)?.state).toBe('cancelled');
    expect(jobs.cancel(a.id)).toBe(false);
    expect(jobs.get(b.id)?.result).toBeUndefined();
  });

  it('of some kinds can be ended, those that wait included, and are over by then', async () => {
    const jobs = newJobs();
    let over = false;
    const a = jobs.start(about, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise(setImmediate);
      over = true;
      throw signal.reason;
    });
    const b = jobs.start(about, async () => 'never');
    const other = jobs.start({ ...about, kind: 'backtest' }, async () => 'done');
    await expect.poll(() => jobs.get(a.id)?.state, { timeout: 10_000 }).toBe('running');
    await jobs.end(['rebuild']);
    expect([over, jobs.get(a.id)?.state, jobs.get(b.id)?.state]).toEqual([true, 'cancelled', 'cancelled']);
    await ended(jobs, other.id);
    expect(jobs.get(other.id)?.result).toBe('done');
    await jobs.end(['rebuild']);
  });

  it('tell why they failed, and do not hold up the next', async () => {
    const jobs = newJobs();
    const a = jobs.start(about, async () => {
      throw new Error('the disk is full');
    });
    const b = jobs.start(about, async () => 'fine');
    await ended(jobs, b.id);
    expect(jobs.get(a.id)).toMatchObject({ state: 'failed', error: { message: 'the disk is full' } });
    expect(jobs.get(b.id)?.state).toBe('succeeded');
  });

  it('are forgotten, the oldest ended ones first', async () => {
    const jobs = newJobs();
    const keeps = untilTold();
    const old = jobs.start(about, keeps.work);
    for (let n = 0; n < 150; n++) jobs.start(about, async () => n);
    await expect.poll(() => jobs.get(old.id)?.state, { timeout: 10_000 }).toBe('running');
    keeps.end('kept while it ran');
    await expect
      .poll(() => jobs.list().every(({ endedAt }) => endedAt !== undefined), { timeout: 10_000 })
      .toBe(true);
    jobs.start(about, async () => 'last');
    expect(jobs.list()).toHaveLength(100);
    expect(jobs.get(old.id)).toBeUndefined();
  });

  it('end when the engine stops, and none begins after that', async () => {
    const jobs = newJobs();
    const a = jobs.start(about, untilTold().work);
    await expect.poll(() => jobs.get(a.id)?.state, { timeout: 10_000 }).toBe('running');
    await jobs.close();
    expect(jobs.get(a.id)?.state).toBe('cancelled');
    expect(() => jobs.start(about, async () => 1)).toThrow('stopping');
  });
});

describe('over HTTP', () => {
  let engine: ReadingEngine;
  let jobs: Jobs;
  let isBuilder = true;
  beforeAll(async () => {
    jobs = newJobs();
    engine = await openReading({
      routes: (app, { runner, log }) =>
        jobRoutes(app, { jobs, runner: () => (isBuilder ? runner : undefined), log }),
    });
    await engine.take(Array.from({ length: 50 }, () => event('RequestCompleted')));
  }, 120_000);
  afterAll(async () => {
    await jobs.close();
    await engine.close();
  });

  const post = async (path: string, payload?: object, key = 'admin@*') => {
    const answer = await engine.app.inject({
      method: 'POST',
      url: path,
      headers: as(key),
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() as Answer };
  };
  const follow = async (id: string): Promise<Answer> => {
    await ended(jobs, id);
    return (await engine.get(`/v1/jobs/${id}`, 'admin@*')).body.job;
  };

  it('rebuilds what is named, and readers see the same afterwards', async () => {
    const before = await engine.get('/v1/latency');
    const { status, headers, body } = await post('/v1/rebuilds', { projections: ['requests', 'logs'] });
    expect(status).toBe(202);
    expect(headers.location).toBe(`/v1/jobs/${body.job.id}`);
    const job = await follow(body.job.id);
    expect(job).toMatchObject({
      state: 'succeeded',
      result: ['requests', 'logs'],
      progress: { phase: 'done' },
    });
    expect((await engine.get('/v1/latency')).body.operations).toEqual(before.body.operations);
    const { projections } = (await engine.get('/v1/positions')).body;
    expect(projections.find((one: Answer) => one.name === 'requests').generation).toBe(2);
  }, 60_000);

  it('verifies everything when nothing is named, without a body', async () => {
    const { status, body } = await post('/v1/verifications');
    expect(status).toBe(202);
    const { state, result } = await follow(body.job.id);
    expect(state).toBe('succeeded');
    expect(result.map((one: Answer) => one.projection)).toEqual(
      engine.runner.tracked.map(({ projection }) => projection.name),
    );
    expect(result.every((one: Answer) => one.differences.length === 0)).toBe(true);
  }, 120_000);

  it('refuses where another process builds the read models, and says where to ask', async () => {
    isBuilder = false;
    const { status, body } = await post('/v1/rebuilds', {});
    isBuilder = true;
    expect([status, body.error.code]).toEqual([409, 'CHR_NOT_HERE']);
    expect(body.error.message).toContain('another one does');
  });

  it('refuses unknown names, small roles and keys of one project', async () => {
    const unknown = await post('/v1/rebuilds', { projections: ['request'] });
    expect(unknown.status).toBe(400);
    expect(unknown.body.error.message).toContain('did you mean "requests"?');
    expect((await post('/v1/rebuilds', { projection: 'requests' })).status).toBe(400);
    expect((await post('/v1/rebuilds', {}, 'power_user@*')).status).toBe(403);
    expect((await post('/v1/verifications', {}, 'admin@default')).status).toBe(403);
  });

  it('shows and cancels jobs for those who may see them only', async () => {
    const told = untilTold();
    const { id } = jobs.start(about, told.work);
    await expect.poll(() => jobs.get(id)?.state, { timeout: 10_000 }).toBe('running');
    const running = await engine.get('/v1/jobs?state=running', 'admin@*');
    expect(running.body.jobs.map((job: Answer) => job.id)).toEqual([id]);
    expect((await engine.get('/v1/jobs', 'user@*')).body.jobs).toEqual([]);
    expect((await engine.get(`/v1/jobs/${id}`, 'admin@default')).status).toBe(404);
    const cancel = (key: string) =>
      engine.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers: as(key) });
    expect((await cancel('user@*')).statusCode).toBe(404);
    expect((await cancel('admin@*')).statusCode).toBe(202);
    await ended(jobs, id);
    expect((await cancel('admin@*')).statusCode).toBe(409);
    expect((await engine.get('/v1/jobs/none', 'admin@*')).status).toBe(404);
  });
});

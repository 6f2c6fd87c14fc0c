import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBacktester } from '../../src/adapters/backtestThread/backtester.ts';
import { packedPast } from '../../src/adapters/backtestThread/past.ts';
import type { LmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { readTimes, shownTimes } from '../../src/api/backtestTimes.ts';
import { backtestRoutes } from '../../src/api/http/backtests.ts';
import { jobRoutes } from '../../src/api/http/jobs.ts';
import type { AppInstance } from '../../src/api/http/server.ts';
import { createJobs, type Jobs } from '../../src/api/jobs.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import { incidentRules, logEnd, logStart, openIncidentLog, temporaryFolder } from '../support/backtestLog.ts';
import { buildProgram } from '../support/program.ts';
import { as, openServer } from '../support/server.ts';

const entry = new URL('../../dist/backtestThread.js', import.meta.url);
const iso = (time: number) => new Date(time).toISOString();
const stretch = { from: String(logStart), to: String(logEnd) };

describe('POST /v1/backtests', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let log: LmdbLog;
  let app: AppInstance;
  let jobs: Jobs;

  beforeAll(async () => {
    await buildProgram();
    folder = await temporaryFolder();
    log = await openIncidentLog(folder.path);
    app = await openServer();
    let ids = 0;
    jobs = createJobs({ clock: () => logEnd, newId: () => `job-${++ids}` });
    const text = incidentRules();
    const read = readRules(text);
    if (read.kind === 'refused') throw new Error('these rules are good');
    const current = () => ({ text, ruleSet: read.ruleSet, versions: read.versions });
    const backtester = openBacktester({ entry, log, readPast: packedPast(log) });
    jobRoutes(app, { jobs, log, runner: () => undefined });
    backtestRoutes(app, { backtester, current, channels: [], log, clock: () => logEnd, jobs });
  }, 120_000);
  afterAll(async () => {
    await jobs.close();
    await app.close();
    await log.close();
    await folder.remove();
  });

  const post = async (payload: object, key = 'power_user@*') => {
    const answer = await app.inject({ method: 'POST', url: '/v1/backtests', headers: as(key), payload });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  const resultOf = async (payload: object, key?: string) => {
    const { status, body } = await post(payload, key);
    expect(status).toBe(202);
    await expect.poll(() => jobs.get(body.job.id)?.endedAt, { timeout: 60_000 }).toBeTypeOf('number');
    const job = jobs.get(body.job.id);
    expect(job?.error).toBeUndefined();
    return job?.result as Record<string, unknown>;
  };

  it('answers with a job, whose result tells what the rules in force would have done', async () => {
    const { status, headers, body } = await post(stretch, 'power_user@default');
    expect(status).toBe(202);
    expect(headers.location).toBe(`/v1/jobs/${body.job.id}`);
    expect(body.job).toMatchObject({ kind: 'backtest', project: 'default' });
    expect(await resultOf(stretch)).toMatchObject({
      mode: 'as_arrived',
      events: 1_800,
      fired: 1,
      byChannel: { any: 2 },
      rules: [{ rule: 'error-rate', version: 1, fired: 1, notifications: 2 }],
    });
  });

  it('has its result at the job itself, and not in the list of all', async () => {
    await resultOf(stretch);
    const get = async (url: string) =>
      (await app.inject({ method: 'GET', url, headers: as('power_user@default') })).json();
    const [newest] = (await get('/v1/jobs?state=succeeded')).jobs;
    expect(newest).toMatchObject({ kind: 'backtest', progress: { eventsRead: 1_800, eventsTotal: 1_800 } });
    expect(newest.result).toBeUndefined();
    expect((await get(`/v1/jobs/${newest.id}`)).job.result).toMatchObject({ fired: 1 });
  });

  it('compares other rules with those in force, and has grids and fixtures', async () => {
    const compared = await resultOf({ ...stretch, rules: incidentRules('90%'), compareWith: 'current' });
    expect(compared.compared).toMatchObject({ with: 'current', counts: { gone: 1, added: 0 } });
    expect(compared.rules).toMatchObject([{ version: 2 }]);
    const grid = { rule: 'error-rate', thresholds: [0.1, 0.9], forMs: [0] };
    expect((await resultOf({ ...stretch, grid })).grid).toMatchObject({
      cells: [{ fired: 1 }, { fired: 0 }],
    });
    const kept = await resultOf({ ...stretch, keep: 'night', mode: 'as_known' });
    expect(kept.fixture).toBeTypeOf('string');
  });

  it('says times as all answers do, and leaves people’s own names alone', () => {
    const episode = { firedAt: logStart, resolvedAt: logEnd, labels: { to: '5' } };
    const result = {
      from: logStart,
      byChannel: { at: 2 },
      compared: { moved: [{ before: episode, byMs: 7 }] },
    };
    const shown = shownTimes(result);
    expect(shown).toEqual({
      from: iso(logStart),
      byChannel: { at: 2 },
      compared: {
        moved: [
          { before: { firedAt: iso(logStart), resolvedAt: iso(logEnd), labels: { to: '5' } }, byMs: 7 },
        ],
      },
    });
    expect(readTimes(shown)).toEqual(result);
  });

  it('takes a window up to now, and sees nothing of what has yet to come', async () => {
    const result = await resultOf({ window: '10m' });
    expect(result).toMatchObject({ from: iso(logEnd - 600_000) });
    const open = await resultOf({ from: String(logStart), window: '7d' });
    expect(open).toMatchObject({ from: iso(logStart), to: iso(logEnd) });
  });

  it('refuses faulty rules before any job is made, each fault with its line', async () => {
    const before = jobs.list().length;
    const { status, body } = await post({ ...stretch, rules: 'rules:\n  - name: x\n' });
    expect([status, body.error.code]).toEqual([400, 'CHR_INVALID_RULES']);
    expect(body.error.details.faults[0]).toMatchObject({
      line: expect.any(Number),
      path: expect.any(String),
    });
    expect((await post({ ...stretch, compareWith: '{' })).body.error.code).toBe('CHR_INVALID_RULES');
    expect(jobs.list()).toHaveLength(before);
  });

  it.each([
    [{ only: ['error-rat'] }, 'did you mean "error-rate"?'],
    [{ grid: { rule: 'nope', thresholds: [1], forMs: [0] } }, 'there is no rule "nope"'],
    [
      { grid: { rule: 'error-rate', severity: 'critical', thresholds: [1], forMs: [0] } },
      'error-rate has no level critical; it has warning',
    ],
    [
      { grid: { rule: 'error-rate', thresholds: Array.from({ length: 50 }, (_, n) => n), forMs: [0, 1, 2] } },
      'at most 100 cells',
    ],
    [{ from: String(logEnd + 60_000), to: String(logEnd + 120_000) }, 'must be in the past'],
    [{ from: 'yesterday' }, 'RFC 3339'],
    [{ rulez: '' }, 'rulez'],
  ])('refuses %j', async (part, said) => {
    const { status, body } = await post({ ...stretch, ...part });
    expect(status).toBe(400);
    expect(body.error.message).toContain(said);
  });

  it('needs a power user, of the project', async () => {
    expect((await post(stretch, 'user@*')).status).toBe(403);
    expect((await post({ ...stretch, project: 'other' }, 'power_user@default')).status).toBe(403);
  });
});

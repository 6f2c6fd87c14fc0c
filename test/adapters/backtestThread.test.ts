import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBacktester } from '../../src/adapters/backtestThread/backtester.ts';
import { packedPast, plainPast } from '../../src/adapters/backtestThread/past.ts';
import type { LmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import type { BacktestRun } from '../../src/api/ports.ts';
import { Backtest, type BacktestAsked, readingOf } from '../../src/domain/alerts/backtest/backtest.ts';
import { parseFixture, replayFixture } from '../../src/domain/alerts/backtest/fixture.ts';
import { episodeCommandsStream } from '../../src/domain/alerts/identity.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import { script } from '../support/alertScript.ts';
import { incidentRules, logEnd, logStart, openIncidentLog, temporaryFolder } from '../support/backtestLog.ts';
import { event } from '../support/events.ts';
import { buildProgram } from '../support/program.ts';

// A thread runs what was built, as the program does.
const entry = new URL('../../dist/backtestThread.js', import.meta.url);
const minute = 60_000;

describe('the thread of a back-test', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let log: LmdbLog;

  beforeAll(async () => {
    await buildProgram();
    folder = await temporaryFolder();
    log = await openIncidentLog(folder.path);
  }, 120_000);
  afterAll(async () => {
    await log.close();
    await folder.remove();
  });

  const askedFor = (over: Partial<BacktestAsked> = {}): BacktestAsked => {
    const read = readRules(incidentRules());
    if (read.kind === 'refused') throw new Error('these rules are good');
    const { ruleSet: rules } = read;
    return {
      project: 'default',
      from: logStart,
      to: logEnd,
      mode: 'as_arrived',
      rules,
      channels: ['chat'],
      ...over,
    };
  };
  const run = (wanted: BacktestRun, signal = new AbortController().signal, onProgress = () => undefined) =>
    openBacktester({ entry, log, readPast: packedPast(log) }).run(wanted, { signal, onProgress });

  it.each(['as_arrived', 'as_known'] as const)('finds what it finds in this thread, %s', async (mode) => {
    const asked = askedFor({ mode, from: logStart + 5 * minute });
    const here = new Backtest(asked);
    for (let pass = 0; pass < readingOf(asked).passes; pass++) {
      for await (const { events } of log.read()) here.take(events);
      here.passEnds();
    }
    const { result } = await run({ asked });
    expect(result.fired).toBe(1);
    expect(result).toEqual(here.result());
  });

  it('finds the same in a log that keeps no blocks', async () => {
    const asked = askedFor({ mode: 'as_known', from: logStart + 5 * minute });
    const options = { signal: new AbortController().signal, onProgress: () => undefined };
    const plain = await openBacktester({ entry, log, readPast: plainPast(log) }).run({ asked }, options);
    expect(plain.result).toEqual((await run({ asked })).result);
    expect(plain.result.fired).toBe(1);
  });

  it('tells how far it is, to the end', async () => {
    const told: unknown[] = [];
    const options = { signal: new AbortController().signal, onProgress: (one: unknown) => told.push(one) };
    await openBacktester({ entry, log, readPast: packedPast(log) }).run({ asked: askedFor() }, options);
    expect(told.at(-1)).toEqual({ pass: 1, passes: 1, eventsRead: 1_800, eventsTotal: 1_800 });
  });

  it('keeps a fixture that replays to the same', async () => {
    const keep = { name: 'incident', rulesText: incidentRules(), only: [] };
    const { fixture, result } = await run({ asked: askedFor(), keep });
    const read = parseFixture(gunzipSync(fixture ?? new Uint8Array()).toString('utf8'));
    if (read === undefined) throw new Error('it cannot be read');
    expect(read.transitions).toEqual(result.transitions);
    expect(replayFixture(read)).toMatchObject({ kind: 'replayed', difference: undefined });
  });

  it('ends at once when it is cancelled', async () => {
    const stop = new AbortController();
    const running = run(
      { asked: askedFor() },
      stop.signal,
      () => stop.abort(new Error('cancelled')) as undefined,
    );
    await expect(running).rejects.toThrow();
    stop.abort();
    await expect(run({ asked: askedFor() }, stop.signal)).rejects.toThrow();
  });

  it('says when the thread dies', async () => {
    const dying = new URL(
      `data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(1));`,
    );
    const running = openBacktester({ entry: dying, log, readPast: packedPast(log) }).run(
      { asked: askedFor() },
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    await expect(running).rejects.toThrow('has ended');
  });

  it('heeds what people said long after the stretch', async () => {
    const alert = script('error-rate', logStart + 10 * minute);
    const fired = alert.fired(logStart + 11 * minute);
    await log.append([{ stream: 'alert-1', events: [fired], expected: 'none' }]);
    // Recorded at the end of the log, which is still within a stretch that ends a moment later.
    const verdict = { episode: alert.id, rule: 'error-rate', verdict: 'real', by: 'someone' };
    const stream = episodeCommandsStream(alert.id);
    await log.append([{ stream, events: [event('AlertJudged', { data: verdict })], expected: 'none' }]);
    const { result } = await run({ asked: askedFor({ to: logEnd }) });
    expect(result.quality).toMatchObject({ confirmed: 1, found: 1, recall: 1, precision: 1 });
  });
});

import { promisify } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import type { BacktestRun } from '../../api/ports.ts';
import { Backtest } from '../../domain/alerts/backtest/backtest.ts';
import { FixtureKeeper } from '../../domain/alerts/backtest/fixture.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { LogUnavailableError } from '../../projections/ports.ts';
import { unpackBlocks } from '../lmdb/unpack.ts';
import type { BacktestReply, BacktestRequest } from './messages.ts';

interface Running {
  wanted: BacktestRun;
  backtest: Backtest;
  keeper: FixtureKeeper | undefined;
  passes: number;
}

/** Answers requests in their order; one back-test is all that such a thread does. */
export function serveBacktest(port: Pick<MessagePort, 'on' | 'postMessage'>): void {
  let running: Running | undefined;
  let before: Promise<void> = Promise.resolve();

  async function answer(request: BacktestRequest): Promise<BacktestReply> {
    if (request.kind === 'start') {
      running = startOf(request.wanted);
      return { kind: 'done' };
    }
    if (running === undefined) throw new Error('there is no back-test to go on with');
    return await carryOut(running, request);
  }

  port.on('message', (request: BacktestRequest) => {
    before = before.then(async () => port.postMessage(await answer(request).catch(failed)));
  });
}

const startOf = (wanted: BacktestRun): Running => ({
  wanted,
  backtest: new Backtest(wanted.asked),
  keeper: wanted.keep && new FixtureKeeper(wanted.asked.project),
  passes: 0,
});

async function carryOut(
  running: Running,
  request: Exclude<BacktestRequest, { kind: 'start' }>,
): Promise<BacktestReply> {
  const { backtest, keeper } = running;
  const take = (events: readonly RecordedEvent[]) => {
    backtest.take(events);
    if (running.passes === 0) keeper?.take(events);
  };
  const taken = (): BacktestReply => ({ kind: keeper?.overflowed ? 'tooLarge' : 'done' });
  switch (request.kind) {
    case 'take':
      for await (const events of unpackBlocks(request.blocks, request)) take(events);
      return taken();
    case 'show':
      take(request.events);
      return taken();
    case 'passEnds':
      backtest.passEnds();
      running.passes++;
      return { kind: 'passEnded', recordedEpisodes: backtest.recordedEpisodes };
    case 'result': {
      backtest.judge(request.verdicts);
      const result = backtest.result();
      const { keep } = running.wanted;
      if (keeper === undefined || keep === undefined) return { kind: 'result', result };
      const text = JSON.stringify(keeper.fixture(keep, result));
      return { kind: 'result', result, fixture: new Uint8Array(await promisify(gzip)(text)) };
    }
  }
}

function failed(error: unknown): BacktestReply {
  const { message: failure, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'failed', failure, ofLog: error instanceof LogUnavailableError, stack };
}

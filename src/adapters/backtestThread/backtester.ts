import { type Backtester, type BacktestRun, BacktestTooLargeError } from '../../api/ports.ts';
import { readingOf } from '../../domain/alerts/backtest/backtest.ts';
import type { VerdictName } from '../../domain/alerts/backtest/result.ts';
import { episodeCommandsStream } from '../../domain/alerts/identity.ts';
import type { EventLog } from '../../projections/ports.ts';
import { LogUnavailableError } from '../../projections/ports.ts';
import type { BacktestReply } from './messages.ts';
import type { Part, ReadPast } from './past.ts';
import { startThread, type Thread } from './thread.ts';

export interface BacktestThreadOptions {
  entry: URL;
  log: Pick<EventLog, 'readStream'>;
  readPast: ReadPast;
}

type Options = Parameters<Backtester['run']>[1];

/** So that the thread need not wait for the reading, nor the memory hold more than it needs. */
const mostUnderWay = 3;
const mostJudged = 5_000;

/** Shows the past to a thread of its own, so that ingest is not kept waiting. */
export function openBacktester({ entry, log, readPast }: BacktestThreadOptions): Backtester {
  async function pass(
    thread: Thread,
    range: { fromTime: number; toTime: number },
    told: (progress: Pick<Part, 'eventsRead' | 'eventsTotal'>) => void,
    { signal }: Options,
  ) {
    const underWay: Promise<void>[] = [];
    for await (const { request, handedOver, ...progress } of readPast({ ...range, signal })) {
      const taken = thread.ask(request, handedOver).then((reply) => {
        orThrow(reply);
        told(progress);
      });
      // It is awaited below; a failure before that is not one that nobody handles.
      taken.catch(() => undefined);
      underWay.push(taken);
      if (underWay.length >= mostUnderWay) await underWay.shift();
    }
    await Promise.all(underWay);
    signal.throwIfAborted();
  }

  /** What people say of an alert may stand far behind the stretch. */
  async function verdictsOn(episodes: readonly string[]) {
    const verdicts: { episode: string; verdict: VerdictName }[] = [];
    for (const episode of episodes.slice(-mostJudged)) {
      for await (const events of log.readStream(episodeCommandsStream(episode))) {
        for (const { type, data } of events) {
          if (type === 'AlertJudged') verdicts.push({ episode, verdict: data.verdict });
        }
      }
    }
    return verdicts;
  }

  async function carryOut(thread: Thread, wanted: BacktestRun, options: Options) {
    const { passes, ...range } = readingOf(wanted.asked);
    orThrow(await thread.ask({ kind: 'start', wanted }));
    let recordedEpisodes: string[] = [];
    for (let number = 1; number <= passes; number++) {
      await pass(
        thread,
        range,
        (progress) => options.onProgress({ pass: number, passes, ...progress }),
        options,
      );
      const ended = orThrow(await thread.ask({ kind: 'passEnds' }));
      if (ended.kind === 'passEnded') ({ recordedEpisodes } = ended);
    }
    const verdicts = await verdictsOn(recordedEpisodes);
    const reply = orThrow(await thread.ask({ kind: 'result', verdicts }));
    if (reply.kind !== 'result') throw new Error('the back-test did not answer with a result');
    const { result, fixture } = reply;
    return { result, ...(fixture && { fixture }) };
  }

  return {
    async run(wanted, options) {
      options.signal.throwIfAborted();
      const thread = startThread(entry);
      const cancel = () => void thread.end();
      options.signal.addEventListener('abort', cancel);
      try {
        return await carryOut(thread, wanted, options);
      } finally {
        options.signal.removeEventListener('abort', cancel);
        await thread.end();
      }
    },
  };
}

function orThrow(reply: BacktestReply): BacktestReply {
  if (reply.kind === 'tooLarge')
    throw new BacktestTooLargeError('the stretch has more events than a fixture holds');
  if (reply.kind !== 'failed') return reply;
  if (reply.ofLog) throw new LogUnavailableError('failed', reply.failure);
  const error = new Error(reply.failure);
  if (reply.stack !== undefined) error.stack = reply.stack;
  throw error;
}

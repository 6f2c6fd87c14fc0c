import { Worker } from 'node:worker_threads';
import type { BacktestReply, BacktestRequest } from './messages.ts';

/** A ceiling: what a back-test needs are the windows of its rules and the late events. */
const resourceLimits = { maxOldGenerationSizeMb: 1_536, maxYoungGenerationSizeMb: 64 };

export interface Thread {
  /** Answers come in the order of the questions. */
  ask(request: BacktestRequest, handedOver?: ArrayBuffer[]): Promise<BacktestReply>;
  end(): Promise<void>;
}

/** One thread for one back-test: its memory goes with it. */
export function startThread(entry: URL): Thread {
  const worker = new Worker(entry, { resourceLimits });
  const waiting: { resolve(reply: BacktestReply): void; reject(error: Error): void }[] = [];
  let failure: Error | undefined;

  function fail(error: Error): void {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  }
  worker.on('message', (reply: BacktestReply) => waiting.shift()?.resolve(reply));
  worker.on('messageerror', (cause) =>
    fail(new Error('an answer of the back-test could not be read', { cause })),
  );
  worker.on('error', (cause: NodeJS.ErrnoException) => fail(explained(cause)));
  worker.on('exit', () => fail(new Error('the thread of the back-test has ended')));

  return {
    ask(request, handedOver = []) {
      if (failure !== undefined) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(request, handedOver);
      });
    },
    async end() {
      await worker.terminate();
    },
  };
}

const explained = (cause: NodeJS.ErrnoException): Error =>
  cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new Error('The back-test needs more memory than it may take: choose fewer rules or a shorter stretch.')
    : new Error('the thread of the back-test failed', { cause });

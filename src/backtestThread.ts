import { parentPort } from 'node:worker_threads';
import { serveBacktest } from './adapters/backtestThread/serve.ts';

/** The thread of a back-test: it turns packed events into what rules decide on them, and can neither store nor send. */
if (parentPort === null) throw new Error('this runs as a thread of the engine, not by itself');

serveBacktest(parentPort);

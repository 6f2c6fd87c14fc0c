import { parentPort } from 'node:worker_threads';
import { serveProjections } from './adapters/projectionThread/serve.ts';
import { createRowCollector } from './projections/batches.ts';
import { projections } from './projections/catalogue.ts';

/** The other thread of the engine: it turns packed events into rows, and knows neither log nor store. */
if (parentPort === null) throw new Error('this runs as a thread of the engine, not by itself');

serveProjections(parentPort, (names, recordedFrom) =>
  createRowCollector(
    projections.filter(({ name }) => names.includes(name)),
    recordedFrom,
  ),
);

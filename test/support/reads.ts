import pino from 'pino';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { readRoutes } from '../../src/api/http/reads/reads.ts';
import { type AppInstance, closeServer } from '../../src/api/http/server.ts';
import { groupByStream } from '../../src/api/ingest.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import type { Position } from '../../src/domain/position.ts';
import { projections } from '../../src/projections/catalogue.ts';
import type { EventLog, ReadStore } from '../../src/projections/ports.ts';
import { createRunner, type Runner } from '../../src/projections/runner.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';
import { temporaryEngine } from './engine.ts';
import { as, openServer } from './server.ts';

/**
 * Noon and a bit of yesterday, so that windows that end now have a cut edge at both ends, and nothing is so old that
 * the engine forgets it.
 */
export const present = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 42_156_544;

export interface ReadingEngine {
  app: AppInstance;
  log: EventLog;
  store: ReadStore;
  runner: Runner;
  clock: () => number;
  /** Moves the clock of the log and of the reads. */
  setClock(time: number): void;
  /** Appends and waits until every projection has them. */
  take(events: readonly NewEvent[]): Promise<Position>;
  /** Answers with status and body, whatever they are. */
  get(path: string, key?: string): Promise<{ status: number; body: Answer }>;
  close(): Promise<void>;
}

// Tests look into answers of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Answer = any;

/** The whole reading side on a real engine, with a clock that only the test moves. */
export async function openReading(
  over: {
    store?: (store: ReadStore) => ReadStore;
    routes?: (app: AppInstance, engine: Omit<ReadingEngine, 'app' | 'get' | 'close'>) => void;
  } = {},
): Promise<ReadingEngine> {
  let now = present;
  const clock = () => now;
  const engine = await temporaryEngine();
  const log = createMemoryLog({ clock });
  const runner = await createRunner({
    feed: log,
    store: engine.store,
    checkpoints: createMemoryCheckpoints(),
    projections,
    clock,
    settings: { ...defaultProjectionSettings, lingerMs: 1 },
    observer: {
      inserted: () => undefined,
      failed: (projection, error) => {
        throw new Error(`${projection} could not insert`, { cause: error });
      },
      unprojectable: ({ projection, reason }) => {
        throw new Error(`${projection} could not project: ${reason}`);
      },
    },
  });
  runner.start();
  const app = await openServer({ logger: pino({ level: 'silent' }) });
  const store = over.store?.(engine.store) ?? engine.store;
  readRoutes(app, {
    store,
    log,
    runner,
    clock,
    version: '1.2.3',
    startedAt: present - 60_000,
    checks: [
      { name: 'log', check: () => log.ping() },
      { name: 'read_store', check: () => store.ping() },
    ],
  });
  const parts = {
    log,
    store,
    runner,
    clock,
    setClock(time: number) {
      now = time;
    },
    async take(events: readonly NewEvent[]) {
      const outcome = await log.append(groupByStream(events));
      if (outcome.kind !== 'appended') throw new Error('a conflict nobody expected');
      if (!(await runner.reached(outcome.position, 30_000)))
        throw new Error('the projections did not follow');
      return outcome.position;
    },
  };
  over.routes?.(app, parts);
  await app.ready();
  return {
    ...parts,
    app,
    async get(path, key = 'user@default') {
      const answer = await app.inject({ url: path, headers: as(key) });
      return { status: answer.statusCode, body: answer.json() };
    },
    async close() {
      await closeServer(app, 1_000);
      await runner.stop();
      await log.close();
      await engine.close();
    },
  };
}

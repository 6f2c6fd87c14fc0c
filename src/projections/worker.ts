import type { Position } from '../domain/position.ts';
import { rowsOf, type Unprojectable } from './batches.ts';
import type { CheckpointStore, EventBatch, EventFeed, Generation, ReadStore } from './ports.ts';
import type { Projection } from './projection.ts';
import type { ProjectionSettings } from './settings.ts';

export interface WorkerDeps {
  feed: EventFeed;
  store: ReadStore;
  checkpoints: CheckpointStore;
  settings: ProjectionSettings;
  clock: () => number;
  observer: ProjectionObserver;
}

/** What happens to projections, for logs and metrics. */
export interface ProjectionObserver {
  inserted(projection: string, rows: number, seconds: number): void;
  failed(projection: string, error: unknown, retryInMs: number): void;
  unprojectable(projection: string, failure: Unprojectable): void;
}

/** A checkpoint that changed nothing but the position may be this old on disk. */
const idleSaveMs = 2_000;
const firstRetryMs = 200;
const longestRetryMs = 10_000;

/** Keeps one generation of one projection up with the feed. */
export class ProjectionWorker {
  readonly projection: Projection;
  readonly #deps: WorkerDeps;
  readonly #save: (generation: Generation) => Promise<void>;
  readonly #onAdvance: () => void;
  #generation: Generation;
  #lastRecordedAt: number | undefined;
  #lastSavedAt = 0;
  #lastError: string | undefined;
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    projection: Projection,
    generation: Generation,
    deps: WorkerDeps,
    save: (generation: Generation) => Promise<void>,
    onAdvance: () => void,
  ) {
    this.projection = projection;
    this.#generation = generation;
    this.#deps = deps;
    this.#save = save;
    this.#onAdvance = onAdvance;
  }

  get generation(): Generation {
    return this.#generation;
  }

  get done(): Position | undefined {
    return this.#generation.done;
  }

  get lastRecordedAt(): number | undefined {
    return this.#lastRecordedAt;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Resolves when the batch at work is through, or has failed; its checkpoint is then on disk. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      try {
        await this.#follow(signal, () => {
          retryMs = firstRetryMs;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#lastError = error instanceof Error ? error.message : String(error);
        this.#deps.observer.failed(this.projection.name, error, retryMs);
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
    // Nothing is lost without it: a restart would only read some events again that leave no rows.
    await this.#save(this.#generation).catch(() => undefined);
  }

  async #follow(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { feed, settings } = this.#deps;
    await this.#repeatPending();
    const batches = feed.subscribe({ after: this.done, maxEvents: settings.maxBatchEvents, signal });
    for await (const batch of batches) {
      await this.#apply(batch);
      onProgress();
      if (signal.aborted) return;
      // A short batch means that the head is near: waiting a little makes the next one worth an insert.
      if (batch.events.length < settings.maxBatchEvents / 2) await pause(settings.lingerMs, signal);
    }
  }

  /** The batch that was at work when the process died, with its very boundaries and so with its token. */
  async #repeatPending(): Promise<void> {
    const { pending } = this.#generation;
    if (pending === undefined) return;
    const batch: EventBatch = { events: [], from: pending.from, to: pending.to };
    const events = [];
    for await (const part of this.#deps.feed.read({ after: pending.from, until: pending.to })) {
      events.push(...part.events);
    }
    await this.#insert({ ...batch, events });
    this.#advance(batch.to, events.at(-1)?.recordedAt);
  }

  async #apply(batch: EventBatch): Promise<void> {
    const inserted = await this.#insert(batch);
    this.#advance(batch.to, batch.events.at(-1)?.recordedAt);
    const now = this.#deps.clock();
    if (inserted) this.#lastSavedAt = now;
    else if (now - this.#lastSavedAt > idleSaveMs) {
      this.#lastSavedAt = now;
      await this.#save(this.#generation);
    }
  }

  async #insert(batch: EventBatch): Promise<boolean> {
    const { observer, store } = this.#deps;
    const name = this.projection.name;
    const rows = rowsOf(this.projection, this.#generation, batch, (f) => observer.unprojectable(name, f));
    if (rows === undefined) return false;
    const { version, number, done } = this.#generation;
    const pending = { ...(batch.from === undefined ? {} : { from: batch.from }), to: batch.to };
    this.#generation = { version, number, ...(done === undefined ? {} : { done }), pending };
    await this.#save(this.#generation);
    const started = performance.now();
    await store.insert(rows);
    observer.inserted(name, rows.rowCount, (performance.now() - started) / 1000);
    this.#lastError = undefined;
    return true;
  }

  #advance(to: Position, recordedAt: number | undefined): void {
    const { version, number } = this.#generation;
    this.#generation = { version, number, done: to };
    if (recordedAt !== undefined) this.#lastRecordedAt = recordedAt;
    this.#onAdvance();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

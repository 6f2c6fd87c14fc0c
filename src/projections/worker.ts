import type { Position } from '../domain/position.ts';
import { insertable, type Rows, type Unprojectable } from './batches.ts';
import { type BatchWindow, pause } from './batchWindow.ts';
import type { Generation, ReadStore, RowBatch } from './ports.ts';
import type { Projection } from './projection.ts';
import type { ProjectedStretch, Projector } from './projector.ts';
import { repeatInsert } from './recovery.ts';

export interface WorkerDeps {
  window: BatchWindow;
  projector: Projector;
  store: ReadStore;
  clock: () => number;
  observer: ProjectionObserver;
  /** Which lane it follows, out of how many; without it, the whole log. */
  lane?: { number: number; of: number };
  /** A checkpoint that changed nothing but the position may be this old on disk. */
  idleSaveMs?: number;
}

/** What happens to projections, for logs and metrics. */
export interface ProjectionObserver {
  inserted(projection: string, rows: number, seconds: number): void;
  failed(projection: string, error: unknown, retryInMs: number): void;
  unprojectable(failure: Unprojectable): void;
}

const defaultIdleSaveMs = 2_000;
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
    await this.#repeatPending();
    for (;;) {
      const batch = await this.#deps.window.next(this.projection, this.done, signal);
      if (batch === undefined) return;
      await this.#apply(batch);
      onProgress();
    }
  }

  /** The batch that was at work when the process died, with its very boundaries and so with its token. */
  async #repeatPending(): Promise<void> {
    const { pending } = this.#generation;
    if (pending === undefined) return;
    const { projection } = this;
    const { projector } = this.#deps;
    const { from: after, to: until } = pending;
    // It may be what could not be saved: no insert may be under way that a successor would not learn of.
    await this.#save(this.#generation);
    const repeated = await projector.next({ projections: [projection.name], after, until });
    if (repeated?.to !== until) throw new Error(`the log does not reach ${until}, where a batch was cut off`);
    const rows = repeated.rows.get(projection.name);
    if (rows !== undefined) {
      await this.#repeat(this.#batchOf(pending, rows));
    }
    this.#advance(pending.to, repeated.lastRecordedAt);
  }

  async #repeat(batch: RowBatch): Promise<void> {
    const { store, lane } = this.#deps;
    // What a table holds tells nothing of one lane among several; the token is all that there is then.
    if (store.repeat === undefined && lane !== undefined && lane.of > 1) return await store.insert(batch);
    await repeatInsert(store, this.projection, this.#generation, batch);
  }

  #batchOf({ from, to }: NonNullable<Generation['pending']>, rows: Rows): RowBatch {
    const { store, lane } = this.#deps;
    return insertable(store.layout, this.projection, this.#generation, { from, to }, rows, lane?.number);
  }

  async #apply(batch: ProjectedStretch): Promise<void> {
    const stretch = { ...(batch.from === undefined ? {} : { from: batch.from }), to: batch.to };
    const inserted = await this.#insert(stretch, batch.rows.get(this.projection.name));
    this.#advance(batch.to, batch.lastRecordedAt);
    const { clock, idleSaveMs = defaultIdleSaveMs } = this.#deps;
    const now = clock();
    if (inserted) this.#lastSavedAt = now;
    else if (now - this.#lastSavedAt > idleSaveMs) {
      this.#lastSavedAt = now;
      await this.#save(this.#generation);
    }
  }

  async #insert(pending: NonNullable<Generation['pending']>, rows: Rows | undefined): Promise<boolean> {
    if (rows === undefined) return false;
    const { observer, store } = this.#deps;
    const { version, number, done } = this.#generation;
    this.#generation = { version, number, ...(done === undefined ? {} : { done }), pending };
    await this.#save(this.#generation);
    const started = performance.now();
    await store.insert(this.#batchOf(pending, rows));
    observer.inserted(this.projection.name, rows.count, (performance.now() - started) / 1000);
    return true;
  }

  #advance(to: Position, recordedAt: number | undefined): void {
    const { version, number } = this.#generation;
    this.#generation = { version, number, done: to };
    this.#lastError = undefined;
    if (recordedAt !== undefined) this.#lastRecordedAt = recordedAt;
    this.#onAdvance();
  }
}

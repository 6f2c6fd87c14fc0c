import type { Position } from '../domain/position.ts';
import { type Rows, rowsOfAll, type Unprojectable } from './batches.ts';
import type { EventBatch, EventFeed } from './ports.ts';
import type { Projection } from './projection.ts';
import type { ProjectionSettings } from './settings.ts';

/** A stretch of the feed, already turned into rows. */
export interface ProjectedBatch {
  from: Position | undefined;
  to: Position;
  events: number;
  lastRecordedAt: number | undefined;
  rowsOf(projection: Projection): Rows | undefined;
}

export interface WindowDeps {
  feed: EventFeed;
  settings: ProjectionSettings;
  onUnprojectable: (projection: string, failure: Unprojectable) => void;
}

const keptBatches = 3;

/**
 * Cuts the feed into batches that all live projections share, and projects each batch once for all of them. A
 * projection that falls behind further than the window reaches reads for itself until it has caught up, so that a slow
 * one holds up no other.
 */
export class BatchWindow {
  readonly #deps: WindowDeps;
  readonly #projections: readonly Projection[];
  #batches: ProjectedBatch[] = [];
  #reading: { after: Position | undefined; batch: Promise<ProjectedBatch | undefined> } | undefined;

  constructor(projections: readonly Projection[], deps: WindowDeps) {
    this.#projections = projections;
    this.#deps = deps;
  }

  /** The batch behind `after`, waiting for one when there is none yet; undefined when `signal` ends the wait. */
  async next(
    projection: Projection,
    after: Position | undefined,
    signal: AbortSignal,
  ): Promise<ProjectedBatch | undefined> {
    while (!signal.aborted) {
      const kept = this.#batches.find((batch) => batch.from === after);
      if (kept !== undefined) return kept;
      const newest = this.#batches.at(-1);
      if (newest !== undefined && newest.to !== after) {
        const own = await this.#readAlone(projection, after, signal);
        if (own !== undefined) return own;
      }
      // At the head, or alone at the very start: whoever comes first reads on for all that stand there.
      const batch = await this.#readForAll(after, signal);
      if (batch !== undefined && batch.from === after) return batch;
    }
    return undefined;
  }

  /** Up to where the window begins, so that the next batch can be a shared one. */
  async #readAlone(projection: Projection, after: Position | undefined, signal: AbortSignal) {
    const { feed, settings } = this.#deps;
    const ahead = this.#batches.find(
      ({ from }) => from !== undefined && (after === undefined || feed.compare(from, after) > 0),
    );
    const options = { after, until: ahead?.from, maxEvents: settings.maxBatchEvents, signal };
    for await (const batch of feed.read(options)) return this.#project(after, batch, [projection]);
    return undefined;
  }

  async #readForAll(after: Position | undefined, signal: AbortSignal): Promise<ProjectedBatch | undefined> {
    if (this.#reading === undefined || this.#reading.after !== after) {
      const batch = this.#read(after, signal);
      this.#reading = { after, batch };
      const forget = () => {
        if (this.#reading?.batch === batch) this.#reading = undefined;
      };
      batch.then(forget, forget);
    }
    return await unlessAborted(this.#reading.batch, signal);
  }

  async #read(after: Position | undefined, signal: AbortSignal): Promise<ProjectedBatch | undefined> {
    const { feed, settings } = this.#deps;
    const newest = this.#batches.at(-1);
    // A short batch means that the head was near: waiting a little makes the next one worth its inserts.
    if (newest !== undefined && newest.events < settings.maxBatchEvents / 2)
      await pause(settings.lingerMs, signal);
    for await (const batch of feed.subscribe({ after, maxEvents: settings.maxBatchEvents, signal })) {
      const projected = this.#project(after, batch, this.#projections);
      this.#keep(projected);
      return projected;
    }
    return undefined;
  }

  /** The window is one unbroken stretch that ends at the newest batch that was read. */
  #keep(batch: ProjectedBatch): void {
    const newest = this.#batches.at(-1);
    if (newest === undefined || newest.to === batch.from) {
      this.#batches = [...this.#batches, batch].slice(-keptBatches);
    } else if (this.#deps.feed.compare(batch.to, newest.to) > 0) {
      this.#batches = [batch];
    }
  }

  #project(
    from: Position | undefined,
    batch: EventBatch,
    projections: readonly Projection[],
  ): ProjectedBatch {
    const rows = rowsOfAll(projections, batch.events, this.#deps.onUnprojectable);
    return {
      from,
      to: batch.to,
      events: batch.events.length,
      lastRecordedAt: batch.events.at(-1)?.recordedAt,
      rowsOf: ({ name }) => rows.get(name),
    };
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
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

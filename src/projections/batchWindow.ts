import type { Position } from '../domain/position.ts';
import type { Unprojectable } from './batches.ts';
import type { EventFeed } from './ports.ts';
import type { Projection } from './projection.ts';
import type { ProjectedStretch, Projector, StretchQuery } from './projector.ts';
import type { ProjectionSettings } from './settings.ts';

export interface WindowDeps {
  feed: Pick<EventFeed, 'compare' | 'distance' | 'head'>;
  projector: Projector;
  settings: ProjectionSettings;
  onUnprojectable: (failure: Unprojectable) => void;
}

const keptBatches = 2;

/**
 * Cuts the feed into batches that all live projections share, and projects each batch once for all of them. A
 * projection that falls behind further than the window reaches reads for itself until it has caught up, so that a slow
 * one holds up no other.
 */
export class BatchWindow {
  readonly #deps: WindowDeps;
  readonly #names: readonly string[];
  #batches: ProjectedStretch[] = [];
  #reading: { after: Position | undefined; batch: Promise<ProjectedStretch | undefined> } | undefined;

  constructor(projections: readonly Projection[], deps: WindowDeps) {
    this.#names = projections.map(({ name }) => name);
    this.#deps = deps;
  }

  /** The batch behind `after`, waiting for one when there is none yet; undefined when `signal` ends the wait. */
  async next(
    projection: Projection,
    after: Position | undefined,
    signal: AbortSignal,
  ): Promise<ProjectedStretch | undefined> {
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

  /** Up to the window's next boundary, so that the batch behind it can be a shared one. */
  async #readAlone(projection: Projection, after: Position | undefined, signal: AbortSignal) {
    const { feed, settings } = this.#deps;
    const isAhead = (position: Position | undefined) =>
      position !== undefined && (after === undefined || feed.compare(position, after) > 0);
    const ahead = this.#batches.find(({ from }) => isAhead(from))?.from ?? this.#batches.at(-1)?.to;
    if (!isAhead(ahead)) return undefined;
    const { maxBatchEvents: maxEvents } = settings;
    return this.#project({ projections: [projection.name], after, until: ahead, maxEvents, signal });
  }

  async #readForAll(after: Position | undefined, signal: AbortSignal): Promise<ProjectedStretch | undefined> {
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

  async #read(after: Position | undefined, signal: AbortSignal): Promise<ProjectedStretch | undefined> {
    const { settings } = this.#deps;
    await this.#linger(signal);
    const { maxBatchEvents: maxEvents } = settings;
    const batch = await this.#project({ projections: this.#names, after, maxEvents, signal });
    if (batch !== undefined) this.#keep(batch);
    return batch;
  }

  /** The window is one unbroken stretch that ends at the newest batch that was read. */
  #keep(batch: ProjectedStretch): void {
    const newest = this.#batches.at(-1);
    if (newest === undefined || newest.to === batch.from) {
      this.#batches = [...this.#batches, batch].slice(-keptBatches);
    } else if (this.#deps.feed.compare(batch.to, newest.to) > 0) {
      this.#batches = [batch];
    }
  }

  /**
   * While less than half a batch waits, more is gathered: an insert costs nearly as much for a thousand events as for
   * ten thousand. Under load it pays to gather for longer.
   */
  async #linger(signal: AbortSignal): Promise<void> {
    const { feed, settings } = this.#deps;
    const newest = this.#batches.at(-1);
    const head = await feed.head();
    if (newest === undefined || head === undefined) return;
    if (feed.distance(newest.to, head) > settings.maxBatchEvents / 2) return;
    const busy = newest.events > (settings.busyEvents ?? settings.maxBatchEvents / 16);
    await pause(busy ? settings.busyLingerMs : settings.lingerMs, signal);
  }

  async #project(query: StretchQuery): Promise<ProjectedStretch | undefined> {
    const batch = await this.#deps.projector.next(query);
    for (const failure of batch?.unprojectable ?? []) this.#deps.onUnprojectable(failure);
    return batch;
  }
}

/** Undefined when the wait was ended before the work was done, which goes on. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return work;
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

import type { Position } from '../domain/position.ts';
import { type Collected, createRowCollector } from './batches.ts';
import type { EventFeed } from './ports.ts';
import type { Projection } from './projection.ts';

/** Which stretch of the feed is wanted, as rows of which projections. */
export interface StretchQuery {
  projections: readonly string[];
  after: Position | undefined;
  /** Inclusive. Without it, a stretch is waited for while there is none. */
  until?: Position | undefined;
  /** Without it everything up to `until` comes as one stretch. */
  maxEvents?: number | undefined;
  /** Epoch milliseconds; what was recorded before leaves no rows. */
  recordedFrom?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A stretch of the feed, already turned into rows. */
export interface ProjectedStretch extends Collected {
  from: Position | undefined;
  to: Position;
}

/** Reads the feed and projects it, in this thread or in another one. */
export interface Projector {
  /** The first stretch behind `after`; undefined when there is none up to `until`, or when `signal` ends the wait. */
  next(query: StretchQuery): Promise<ProjectedStretch | undefined>;
}

/** Projects in this thread. */
export function createFeedProjector(
  feed: Pick<EventFeed, 'read' | 'subscribe'>,
  all: readonly Projection[],
): Projector {
  return {
    async next({ projections, after, until, maxEvents, recordedFrom, signal }) {
      const collector = createRowCollector(
        all.filter(({ name }) => projections.includes(name)),
        recordedFrom,
      );
      const options = {
        after,
        until,
        ...(maxEvents !== undefined && { maxEvents }),
        ...(signal !== undefined && { signal }),
      };
      let to: Position | undefined;
      for await (const batch of until === undefined ? feed.subscribe(options) : feed.read(options)) {
        collector.add(batch.events);
        to = batch.to;
        if (maxEvents !== undefined) break;
      }
      return to === undefined ? undefined : { from: after, to, ...collector.finish() };
    },
  };
}

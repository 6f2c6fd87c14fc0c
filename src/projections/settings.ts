import type { RetentionClass } from './table.ts';

/** What the running of projections can be told. */
export interface ProjectionSettings {
  /** Days that rows of each class stay; `kept` and undefined are for ever. */
  retentionDays: Readonly<Record<RetentionClass, number | undefined>>;
  /** About so many events to an insert; a block of the log is never cut for it. */
  maxBatchEvents: number;
  /** How long a projection gathers events before it inserts what there is. */
  lingerMs: number;
  /** The same after a batch of more than `busyEvents`. */
  busyLingerMs: number;
  /** Without it, a sixteenth of `maxBatchEvents`. */
  busyEvents?: number;
}

export const defaultProjectionSettings: ProjectionSettings = {
  retentionDays: { raw: 30, minutes: 90, hours: 400, kept: undefined },
  maxBatchEvents: 40_000,
  lingerMs: 100,
  busyLingerMs: 400,
};

import { defaultProjectionSettings, type ProjectionSettings } from '../settings.ts';

export interface LaneSettings extends ProjectionSettings {
  /** What has moved in a lane is saved this long afterwards at the latest: readers in other processes wait for it. */
  idleSaveMs: number;
}

/**
 * Every lane inserts for itself, so each gathers for longer than the one feed of an embedded engine does: about one
 * insert a second for each lane and table, as soon as there is traffic to speak of.
 */
export const defaultLaneSettings: LaneSettings = {
  ...defaultProjectionSettings,
  maxBatchEvents: 20_000,
  lingerMs: 250,
  busyEvents: 20,
  busyLingerMs: 1_000,
  idleSaveMs: 200,
};

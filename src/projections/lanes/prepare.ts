import { showCombinedViews } from '../combinedViews.ts';
import { createDatabases, openGeneration } from '../generations.ts';
import { type Checkpoint, type CheckpointStore, CheckpointTakenError, type ReadStore } from '../ports.ts';
import type { Projection } from '../projection.ts';
import type { ProjectionSettings } from '../settings.ts';
import { laneGeneration, lanesRecord } from './laneRecord.ts';

export interface PrepareDeps {
  store: ReadStore;
  checkpoints: Pick<CheckpointStore, 'load' | 'save'>;
  projections: readonly Projection[];
  settings: Pick<ProjectionSettings, 'retentionDays'>;
  lanes: number;
}

/** Sees to it that tables and views are there for lanes to fill; processes that start at the same time agree. */
export async function prepareLanes(deps: PrepareDeps): Promise<void> {
  const { store, checkpoints, projections, settings, lanes } = deps;
  for (const projection of projections) {
    const noted = await agreeOn(checkpoints, projection.name, { active: laneGeneration(projection) });
    refuseOther(projection, noted);
  }
  const { active } = await agreeOn(checkpoints, lanesRecord, { active: { version: 1, number: lanes } });
  if (active.number !== lanes) {
    throw new Error(
      `These read models are filled from a feed of ${active.number} lanes, and this one has ${lanes}; ${other}`,
    );
  }
  await createDatabases(store);
  for (const projection of projections) {
    await openGeneration(store, projection, laneGeneration(projection), settings.retentionDays);
  }
  await showCombinedViews(store);
}

const other = 'give another database, which is then filled from the log.';

function refuseOther({ name, version }: Projection, { active, building }: Checkpoint): void {
  if (active.version !== version) {
    throw new Error(
      `The tables of ${name} are of version ${active.version}, and this program writes version ${version}. A feed in lanes does not build them anew beside the old ones; ${other}`,
    );
  }
  const isWhole = active.done !== undefined || active.pending !== undefined || active.number !== 1;
  if (isWhole || building !== undefined) {
    throw new Error(`The tables of ${name} have been filled from the log as a whole, not by lanes; ${other}`);
  }
}

/** What the first one has noted. */
async function agreeOn(
  checkpoints: PrepareDeps['checkpoints'],
  name: string,
  ours: Checkpoint,
): Promise<Checkpoint> {
  const noted = await checkpoints.load(name);
  if (noted !== undefined) return noted;
  try {
    await checkpoints.save(name, ours);
    return ours;
  } catch (error) {
    if (!(error instanceof CheckpointTakenError)) throw error;
    return (await checkpoints.load(name)) ?? ours;
  }
}

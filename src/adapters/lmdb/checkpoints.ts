import type { Checkpoint, CheckpointStore } from '../../projections/ports.ts';
import { Environment } from './environment.ts';

export interface LmdbCheckpoints extends CheckpointStore {
  close(): Promise<void>;
}

class CheckpointEnvironment extends Environment {
  checkpoints = this.table<string>('checkpoints');

  protected override openTables(): void {
    this.checkpoints = this.table('checkpoints');
  }
}

/** Checkpoints in an environment of their own, so that saving one never waits for the log. */
export async function openLmdbCheckpoints({ path }: { path: string }): Promise<LmdbCheckpoints> {
  const environment = new CheckpointEnvironment(path);
  const { checkpoints } = environment;
  /** What the next commit takes along; `undefined` removes. */
  let waiting = new Map<string, Checkpoint | undefined>();
  let flushing: Promise<void> | undefined;

  const flush = (): Promise<void> =>
    environment.commit(() => {
      for (const [name, checkpoint] of waiting) {
        if (checkpoint === undefined) checkpoints.remove(name);
        else checkpoints.put(name, Buffer.from(JSON.stringify(checkpoint)));
      }
      waiting = new Map();
      flushing = undefined;
    });

  // Whatever is saved while a commit is under way shares the next one.
  const change = (name: string, checkpoint: Checkpoint | undefined): Promise<void> => {
    waiting.set(name, checkpoint);
    flushing ??= flush();
    return flushing;
  };

  return {
    load: async (name) => {
      const row = checkpoints.getBinary(name);
      return row === undefined ? undefined : (JSON.parse(row.toString()) as Checkpoint);
    },
    save: change,
    remove: (name) => change(name, undefined),
    list: async () => [...checkpoints.getKeys({})],
    close: () => environment.close(),
  };
}

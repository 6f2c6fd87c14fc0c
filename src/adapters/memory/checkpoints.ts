import type { Checkpoint, CheckpointStore } from '../../projections/ports.ts';

export function createMemoryCheckpoints(): CheckpointStore {
  const saved = new Map<string, Checkpoint>();
  return {
    load: async (name) => structuredClone(saved.get(name)),
    save: async (name, checkpoint) => {
      saved.set(name, structuredClone(checkpoint));
    },
    remove: async (name) => {
      saved.delete(name);
    },
    list: async () => [...saved.keys()].sort(),
  };
}

import type { ReadStore } from '../projections/ports.ts';
import { type ChdbEngine, openChdbEngine } from './chdb/engine.ts';
import { openChdbStore } from './chdb/readStore.ts';
import { openClickHouseStore } from './clickhouse/readStore.ts';

/** The read store that the configuration names, with the engine behind it when that is in this process. */
export interface OpenReadStore {
  store: ReadStore;
  engine?: ChdbEngine;
  memoryBytes(): Promise<number>;
  close(): Promise<void>;
}

export type ReadStoreChoice =
  | { kind: 'chdb'; path: string; memoryBytes: number }
  | { kind: 'clickhouse'; url: string; cluster?: string | undefined };

export async function openReadStore(choice: ReadStoreChoice): Promise<OpenReadStore> {
  if (choice.kind === 'clickhouse') {
    const store = openClickHouseStore(choice);
    return { store, memoryBytes: () => trackedMemory(store), close: () => store.close() };
  }
  const engine = await openChdbEngine(choice);
  const store = await openChdbStore(engine);
  return {
    store,
    engine,
    memoryBytes: () => trackedMemory(store),
    async close() {
      await store.close();
      await engine.close();
    },
  };
}

async function trackedMemory(store: ReadStore): Promise<number> {
  const rows = await store.query<{ value: string }>(
    "SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'",
  );
  return Number(rows[0]?.value ?? 0);
}

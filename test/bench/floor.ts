import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbEngine } from '../../src/adapters/chdb/engine.ts';
import { openChdbStore } from '../../src/adapters/chdb/readStore.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { createIngest } from '../../src/api/ingest.ts';
import { embeddedLayout } from '../../src/domain/storeLayout.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import { createRowCollector, insertable } from '../../src/projections/batches.ts';
import { projections } from '../../src/projections/catalogue.ts';
import { createDatabases, createDerivations, createTables } from '../../src/projections/generations.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';
import { createTraffic } from './traffic.ts';

const generation = { version: 1, number: 1 };

/**
 * The floor: the rows of the same traffic, encoded beforehand, inserted straight into the same tables with the same
 * materialised views, two inserts at a time. Run as a program of its own, since it needs the engine to itself.
 */
async function main(events: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-floor-'));
  const engine = await openChdbEngine({ path: folder });
  const store = await openChdbStore(engine);
  await createDatabases(store);
  for (const projection of projections) {
    await createTables(store, projection, generation, defaultProjectionSettings.retentionDays);
    await createDerivations(store, projection, generation);
  }
  const batches = await encodedBatches(events);
  const started = performance.now();
  const queue = [...batches];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await store.insert(next);
  };
  await Promise.all([worker(), worker()]);
  const seconds = (performance.now() - started) / 1000;
  await store.close();
  await engine.close();
  await rm(folder, { recursive: true, force: true });
  process.stdout.write(`${JSON.stringify({ eventsPerSecond: events / seconds })}\n`);
}

async function encodedBatches(events: number) {
  const log = createMemoryLog({ clock: Date.now });
  const now = Date.now();
  const newId = createUuidV7Factory({ now: Date.now, randomBytes });
  const ingest = createIngest({ log, redact: (event) => event, newId, clock: Date.now });
  const traffic = createTraffic({ seed: 1, start: now - 3_600_000, eventsPerSecond: 1_428 });
  const caller = { keyId: 'floor', role: 'admin', project: 'default' } as const;
  for (let done = 0; done < events; done += 1000) {
    const natives = traffic
      .body(1000)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    await ingest.accept(natives, caller);
  }
  const batches = [];
  for await (const batch of log.read({ maxEvents: defaultProjectionSettings.maxBatchEvents })) {
    const collector = createRowCollector(projections);
    collector.add(batch.events);
    const { rows } = collector.finish();
    for (const projection of projections) {
      const filled = rows.get(projection.name);
      if (filled !== undefined)
        batches.push(insertable(embeddedLayout, projection, generation, batch, filled));
    }
  }
  return batches;
}

await main(Number(process.argv[2] ?? 800_000));

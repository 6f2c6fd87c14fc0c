import { expect, test } from 'vitest';
import { viewsPage } from '../../scripts/docs/views.ts';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { projections, publicViews } from '../../src/projections/catalogue.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';
import { temporaryEngine } from '../support/engine.ts';

test('docs/views.md has every column of every view; `npm run docs` makes it anew', async () => {
  const real = await temporaryEngine();
  await createRunner({
    feed: createMemoryLog({ clock: Date.now }),
    store: real.store,
    checkpoints: createMemoryCheckpoints(),
    projections,
    settings: defaultProjectionSettings,
    clock: Date.now,
    observer: { inserted: () => undefined, failed: () => undefined, unprojectable: () => undefined },
  });
  const views = [];
  for (const name of publicViews) {
    const columns = await real.store.query<{ name: string; type: string }>(`DESCRIBE chronoscope.${name}`);
    views.push({ name, columns: columns.map((column) => ({ name: column.name, type: column.type })) });
  }
  await expect(viewsPage(views)).toMatchFileSnapshot('../../docs/views.md');
  await real.close();
});

import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import type { Position } from '../../src/domain/position.ts';
import { projections } from '../../src/projections/catalogue.ts';
import type { ReadStore } from '../../src/projections/ports.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { lowCardinality, writeEvent } from '../../src/projections/readModels/columns.ts';
import { requests } from '../../src/projections/readModels/requests.ts';
import type { RunnerDeps } from '../../src/projections/runner.ts';
import { onCluster } from '../../src/projections/sql.ts';
import type { PublicView } from '../../src/projections/table.ts';

export const day = 86_400_000;
export const firstDay = Math.floor(1_790_000_000_000 / day) * day;

const withoutUsers: PublicView = {
  name: 'kpis_1d',
  select: `SELECT toStartOfDay(hour) AS time, project, sum(n) AS requests FROM {request_hours} GROUP BY project, time`,
};

/** The requests of a later release: `tier` in the place of `stack`, and no table of users any more. */
export const requestsV2: Projection = {
  ...requests,
  version: 2,
  source: {
    ...requests.source,
    columns: requests.source.columns.map((c) => (c.name === 'stack' ? lowCardinality('tier') : c)),
  },
  write: (event, out) => {
    if (event.type !== 'RequestCompleted') return false;
    const { data } = event;
    writeEvent(event, data.operation, out);
    out.string(data.status);
    out.float64(data.durationMs);
    out.string(data.errorCode ?? '');
    out.string(data.errorMessage ?? '');
    out.string('new');
    out.map(data.attributes);
    return true;
  },
  derived: requests.derived.filter(({ name }) => name !== 'user_minutes'),
  derivations: requests.derivations.filter(({ to }) => to !== 'user_minutes'),
  views: [
    ...requests.views
      .filter(({ name }) => name !== withoutUsers.name)
      .map((view) => ({ ...view, select: view.select.replace('stack', 'tier') })),
    withoutUsers,
  ],
};

/** The catalogue of a release in which `changed` stands for the projections of the same names. */
export const releaseWith = (...changed: readonly Projection[]): readonly Projection[] =>
  projections.map((one) => changed.find(({ name }) => name === one.name) ?? one);

/** A log and checkpoints that outlive runners, over a store without tables. */
export async function emptyHouse(store: ReadStore) {
  const { layout } = store;
  for (const database of [layout.database, layout.storeDatabase]) {
    await store.command(`DROP DATABASE IF EXISTS ${database}${onCluster(layout)}`);
  }
  let now = firstDay + day / 2;
  const log = createMemoryLog({ clock: () => now });
  const deps: RunnerDeps = {
    feed: log,
    store,
    checkpoints: createMemoryCheckpoints(),
    projections,
    clock: () => now,
    settings: {
      retentionDays: { raw: undefined, minutes: undefined, hours: undefined, kept: undefined },
      maxBatchEvents: 25,
      lingerMs: 1,
      busyLingerMs: 1,
    },
    observer: {
      inserted: () => undefined,
      failed: () => undefined,
      unprojectable: ({ reason }) => {
        throw new Error(reason);
      },
    },
  };
  return {
    log,
    deps,
    setTime(time: number) {
      now = time;
    },
    async append(events: readonly NewEvent[]): Promise<Position> {
      const outcome = await log.append(
        events.map((one) => ({ stream: `request-${one.id}`, events: [one], expected: 'any' })),
      );
      if (outcome.kind !== 'appended') throw new Error('not appended');
      return outcome.position;
    },
  };
}

export type House = Awaited<ReturnType<typeof emptyHouse>>;

/** Tables of the requests in the inner database, of whatever generation. */
export async function requestTables(store: ReadStore): Promise<string[]> {
  const rows = await store.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = 'chronoscope_store'
AND match(name, '^(requests|request_minutes|request_hours|user_minutes)_v') ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

const generationTables = (tables: readonly string[], ending: string): string[] =>
  tables.flatMap((table) => {
    const name = `${table}_${ending}`;
    return table === 'requests' ? [name] : [name, `${name}_fill`];
  });

export const tablesV1 = (ending = 'v1g1') =>
  generationTables(['request_hours', 'request_minutes', 'requests', 'user_minutes'], ending);
export const tablesV2 = (ending = 'v2g2') =>
  generationTables(['request_hours', 'request_minutes', 'requests'], ending);

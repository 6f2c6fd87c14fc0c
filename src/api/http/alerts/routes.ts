import type { EventLog, ReadStore } from '../../../projections/ports.ts';
import { presentTables } from '../../../projections/queries/presentTables.ts';
import { createReader } from '../../../projections/queries/reader.ts';
import type { Standings } from '../../../projections/standings.ts';
import type { AlertCommands } from '../../alertCommands.ts';
import type { AppInstance } from '../server.ts';
import { alertCommandRoutes } from './commands.ts';
import { alertReadRoutes } from './reads.ts';
import type { FlagsOf } from './shapes.ts';
import { silenceRoutes } from './silences.ts';
import { triageRoutes } from './triage.ts';

export interface AlertRoutesDeps {
  store: Pick<ReadStore, 'query' | 'layout'>;
  log: Pick<EventLog, 'parsePosition' | 'distance'>;
  runner: Pick<Standings, 'tracked' | 'reached'>;
  clock: () => number;
  commands: AlertCommands;
  /** As a silence's matchers are kept, what people write in them is rid of secrets. */
  redactText: (text: string) => string;
  flagsOf: FlagsOf;
}

/** Everything about alerts but their rules. */
export function alertRoutes(app: AppInstance, deps: AlertRoutesDeps): void {
  const reader = createReader({
    store: deps.store,
    tableName: presentTables(deps.runner, deps.store.layout),
  });
  const withReader = { ...deps, reader };
  alertReadRoutes(app, withReader);
  triageRoutes(app, withReader);
  alertCommandRoutes(app, withReader);
  silenceRoutes(app, withReader);
}

import type { Logger } from 'pino';
import { openAnalystEngine } from '../adapters/chdb/analyst.ts';
import type { dataPaths } from '../adapters/dataFolder.ts';
import type { OpenReadStore } from '../adapters/readStore.ts';
import { type Limiter, limitByKey } from '../api/http/limits.ts';
import type { Keyring } from '../api/keyring.ts';
import { type AnalystLimits, defaultLimits } from '../api/sql/ports.ts';
import { createSqlServer } from '../api/sql/server.ts';
import type { Config } from '../config.ts';
import { publicViews } from '../projections/catalogue.ts';

export interface SqlDoorDeps {
  config: Config['sql'];
  paths: ReturnType<typeof dataPaths>;
  read: OpenReadStore;
  keyring: Keyring;
  limiter: Limiter;
  logger: Logger;
  /** What is acquired pushes what gives it back. */
  cleanups: (() => unknown)[];
}

/** The part of the wiring that analysts have for themselves. Gives the address, unless the door stays closed. */
export async function openSqlDoor(deps: SqlDoorDeps): Promise<string | undefined> {
  const { config, paths, read, keyring, limiter, logger, cleanups } = deps;
  if (read.engine === undefined || config.port === 'off') return undefined;
  const limits = analystLimits(config);
  const analysts = await openAnalystEngine({
    path: read.engine.path,
    connectionArgs: read.engine.connectionArgs,
    spoolFolder: paths.analystSpool,
    database: read.store.layout.database,
    views: publicViews,
    limits,
  });
  cleanups.push(() => analysts.close());
  const sql = createSqlServer({
    engine: analysts,
    allowed: { database: read.store.layout.database, views: publicViews },
    authenticate: (_user, key) => keyring.authenticate(key),
    limit: limitByKey(limiter),
    limits,
    log: logger,
  });
  cleanups.push(() => sql.close());
  const { port } = await sql.listen(config.port, config.host);
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
}

/** The same for those of the embedded engine and for accounts on a server. */
export const analystLimits = ({ maxTimeMs, maxMemoryBytes, maxRows }: Config['sql']): AnalystLimits => ({
  ...defaultLimits,
  seconds: Math.ceil(maxTimeMs / 1_000),
  memoryBytes: maxMemoryBytes,
  resultRows: maxRows,
});

import type { AlertCommands } from '../api/alertCommands.ts';
import type { BacktestDeps } from '../api/backtests.ts';
import { alertRoutes } from '../api/http/alerts/routes.ts';
import type { FlagsOf } from '../api/http/alerts/shapes.ts';
import { backtestRoutes } from '../api/http/backtests.ts';
import { ingestRoutes } from '../api/http/ingest.ts';
import { jobRoutes } from '../api/http/jobs.ts';
import { keyRoutes } from '../api/http/keys.ts';
import { liveRoutes } from '../api/http/live.ts';
import { type ReadsDeps, readRoutes } from '../api/http/reads/reads.ts';
import { rulesRoutes } from '../api/http/rules.ts';
import type { AppInstance } from '../api/http/server.ts';
import type { Ingest } from '../api/ingest.ts';
import type { Jobs } from '../api/jobs.ts';
import type { Keyring } from '../api/keyring.ts';
import type { RulesKeeper } from '../api/rulesKeeper.ts';
import type { Config } from '../config.ts';
import { isActive } from '../domain/keys.ts';
import type { EventLog } from '../projections/ports.ts';
import type { ReadModels } from './projecting.ts';

export interface DoorsDeps extends Omit<ReadsDeps, 'log' | 'store' | 'runner'> {
  config: Config;
  log: EventLog;
  /** Undefined where nothing is read nor projected. */
  readModels: Pick<ReadModels, 'store' | 'readers' | 'builder'> | undefined;
  keyring: Keyring;
  ingest: Ingest;
  jobs: Jobs;
  backtests: BacktestDeps;
  commands: AlertCommands;
  rules: RulesKeeper;
  channels: readonly string[];
  flagsOf: FlagsOf;
  redactText: (text: string) => string;
  onLiveError: (error: unknown) => void;
}

/** The routes of each role. What a role does not do has no route in its process: a 404 there, and not half an answer. */
export function openDoors(server: AppInstance, deps: DoorsDeps) {
  const { config, jobs, log } = deps;
  const does = (role: string) => config.roles.includes(role);
  if (does('ingest')) {
    const { bodyLimitBytes: maxBodyBytes, expandedBodyLimitBytes: maxUnpackedBytes } = config.http;
    ingestRoutes(server, { ingest: deps.ingest, limits: { maxBodyBytes, maxUnpackedBytes } });
  }
  if (does('project') || does('api'))
    jobRoutes(server, { jobs, runner: () => deps.readModels?.builder(), log });
  if (does('api') && deps.readModels !== undefined) return readingDoors(server, deps, deps.readModels);
  return { clients: () => 0 };
}

function readingDoors(
  server: AppInstance,
  deps: DoorsDeps,
  { store, readers: runner }: Pick<ReadModels, 'store' | 'readers'>,
) {
  const { log, keyring, jobs } = deps;
  const reading = { ...deps, store, runner };
  keyRoutes(server, { keyring });
  readRoutes(server, reading);
  alertRoutes(server, reading);
  rulesRoutes(server, reading);
  backtestRoutes(server, { ...deps.backtests, jobs });
  return liveRoutes(server, {
    log,
    jobs,
    mayStay: ({ keyId }) => keyring.list().some((key) => key.keyId === keyId && isActive(key)),
    onError: deps.onLiveError,
  });
}

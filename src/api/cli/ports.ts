import type { Logger } from 'pino';
import type { Role } from '../../domain/events/catalogue.ts';
import type { Moved, MoveProgress } from '../../projections/moving.ts';
import type { Verification } from '../../projections/rebuild.ts';
import type { BacktestBody } from '../backtests.ts';
import type { KeyInfo } from '../keyring.ts';
import type { BacktestFound, BacktestProgress } from '../ports.ts';

/** What the command line needs to know of the configuration; the rest stays with those who use it. */
export interface Settings {
  host: string;
  port: number;
  dataFolder: string;
  /** Undefined when the SQL endpoint is closed or the read store is not the embedded one. */
  sqlPort: number | undefined;
  log: string;
  feed: string;
  read: string;
  redisUrl: string | undefined;
  adminKey: string | undefined;
  logLevel: string;
}

export interface JobProgress {
  projection: string;
  phase: string;
  eventsRead: number;
  eventsTotal: number;
}

export interface JobOptions {
  /** All of them when empty. */
  projections: readonly string[];
  onProgress: (progress: JobProgress) => void;
  signal?: AbortSignal;
}

export interface BacktestOptions {
  onProgress: (progress: BacktestProgress) => void;
  signal: AbortSignal;
}

/** What the commands ask of an engine, be it one that runs elsewhere or the folder opened here. */
export interface EngineAccess {
  /** For a sentence: `the engine at http://…` or `the folder ./data`. */
  where: string;
  listKeys(): Promise<KeyInfo[]>;
  issueKey(wanted: { role: Role; name: string; project: string }): Promise<{ key: string; info: KeyInfo }>;
  revokeKey(keyId: string): Promise<KeyInfo>;
  verify(options: JobOptions): Promise<Verification[]>;
  /** Resolves to the names of what was rebuilt. */
  rebuild(options: JobOptions): Promise<string[]>;
  backtest(wanted: BacktestBody, options: BacktestOptions): Promise<BacktestFound>;
  close(): Promise<void>;
}

/** An engine of this process, with its doors open. */
export interface RunningApp {
  address: string;
  sqlAddress?: string;
  alerts: { rules: number; source: string; channels: readonly string[] };
  /** Made on the very first start, and told only then. */
  firstAdminKey?: string;
  issueKey: EngineAccess['issueKey'];
  revokeKey: EngineAccess['revokeKey'];
  listKeys: EngineAccess['listKeys'];
  stop(): Promise<void>;
}

export interface Configured {
  settings: Settings;
  startApp(options: { logger: Logger }): Promise<RunningApp>;
  /** The engine without its doors. */
  openOffline(options: { logger: Logger }): Promise<EngineAccess & { firstAdminKey?: string }>;
  moveLog(request: MoveRequest): Promise<Moved>;
}

export interface MoveRequest {
  /** Addresses of logs, `lmdb:` with or without a data folder among them. */
  from: string;
  to: string;
  logger: Logger;
  signal: AbortSignal;
  /** `total` is about how many there will be. */
  onProgress(progress: MoveProgress & { total: number }): void;
}

export type Configure = (env: NodeJS.ProcessEnv) => Configured | { faults: readonly string[] };

/** Where text goes, and what the reader's end can show. */
export interface Stream {
  write(text: string): void;
  isTTY: boolean;
  columns: number | undefined;
}

export interface CliPorts {
  version: string;
  /** The folder of the package, where native modules are found. */
  packageFolder: string;
  configure: Configure;
  stdout: Stream;
  stderr: Stream;
}

import { embeddedLayout } from '../../domain/storeLayout.ts';
import type { Caller } from '../ports.ts';
import type { EngineFunction } from './functions/allowed.ts';
import { shadowDatabases } from './guard/systemTables.ts';

/** The engine as its analysts' door sees it. Every failure is an `SqlError` with the engine's own code. */
export interface AnalystEngine {
  readonly facts: EngineFacts;
  /** The one statement in `sql`, written in the engine's own hand: no comments, one way of quoting. Runs nothing. */
  canonical(sql: string): Promise<string>;
  /** The parsed statement as `EXPLAIN AST` prints it. Runs nothing, but only of text that `canonical` returned. */
  explainAst(canonicalSql: string): Promise<string>;
  /** A statement of the door's own, unchecked and unlimited; the answer is TabSeparatedRaw. */
  arrange(sql: string): Promise<string>;
  run(request: AnalystQuery): Promise<AnalystResult>;
  close(): Promise<void>;
}

export interface EngineFacts {
  version: string;
  timezone: string;
  functions: readonly EngineFunction[];
  settings: ReadonlySet<string>;
  /** Columns of all views together. */
  columns: ReadonlySet<string>;
}

export interface AnalystQuery {
  /** Checked text: what runs is exactly this. */
  sql: string;
  format: string;
  settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}`, as the wire brings them: escaped like a field of TabSeparated. */
  params: ReadonlyMap<string, string>;
  /** The database that bare names belong to. */
  database: string;
  /** Only this project's rows exist for the query; `*` is all of them. */
  project: string;
  /** Statements that cannot write their answer to a file are answered from memory. */
  inMemory: boolean;
  signal: AbortSignal;
}

export interface AnalystResult {
  /** Undefined when it is known only at the end. */
  size: number | undefined;
  stats: { elapsedSeconds: number; rows: number; bytes: number };
  /** Once. The answer waits on disk, so that a slow reader holds neither memory nor the engine. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Forgets the answer; needed whether it was read or not. */
  discard(): Promise<void>;
}

export interface AllowedViews {
  /** The database that analysts see. */
  database: string;
  views: readonly string[];
}

/** Whatever a checked statement reads lies in one of these; an engine with rights of its own grants no others. */
export const analystDatabases: readonly string[] = [
  embeddedLayout.database,
  ...Object.values(shadowDatabases),
];

export interface AnalystLimits {
  seconds: number;
  memoryBytes: number;
  resultRows: number;
  resultBytes: number;
  threads: number;
}

export const defaultLimits: AnalystLimits = {
  seconds: 30,
  memoryBytes: 192 * 1024 * 1024,
  resultRows: 1_000_000,
  resultBytes: 512 * 1024 * 1024,
  threads: 1,
};

export interface SqlServerDeps {
  engine: AnalystEngine;
  allowed: AllowedViews;
  authenticate(user: string, key: string): Promise<Caller | undefined> | Caller | undefined;
  limit(callerKey: string, address: string): Promise<LimitAnswer> | LimitAnswer;
  limits?: AnalystLimits;
  /** Queries at work at once, and how many may wait for their turn and how long. */
  concurrency?: { atWork: number; waiting: number; waitMs: number };
  maxBodyBytes?: number;
  /** How long a stop waits for answers that are being read. */
  drainMs?: number;
  log?: { warn(details: object, message: string): void };
}

export interface LimitAnswer {
  allowed: boolean;
  headers: Record<string, string>;
}

export interface SqlServer {
  listen(port: number, host: string): Promise<{ port: number }>;
  close(): Promise<void>;
}

import type { BacktestAsked } from '../domain/alerts/backtest/backtest.ts';
import type { BacktestResult } from '../domain/alerts/backtest/result.ts';
import type { Role } from '../domain/events/catalogue.ts';
import type { LimitPolicy, LimitVerdict } from '../domain/limits.ts';

/** Who sends a request: what its key says of it. */
export interface Caller {
  keyId: string;
  role: Role;
  /** `*` is every project. */
  project: string;
}

/** Answers at once, from memory: it stands in the way of every request. */
export type Authenticate = (key: string) => Caller | undefined;

/** One thing that a request counts against: a key, an address. */
export interface LimitClaim {
  bucket: string;
  policy: LimitPolicy;
}

export interface LimitStore {
  /**
   * Takes `cost` from every claim, or from none when one of them refuses. Answers without a promise when it can,
   * so that the common case costs no turn of the event loop.
   */
  take(claims: readonly LimitClaim[], cost: number): LimitVerdict | Promise<LimitVerdict>;
  close(): Promise<void>;
}

/** One thing that the engine stands on, asked by /ready. */
export interface ReadinessCheck {
  name: string;
  /** Rejects with the reason when the dependency does not serve. */
  check(): Promise<void>;
  /** Without it the engine serves all the same, only worse: /ready says `degraded` and stays 200. */
  optional?: boolean;
}

export interface BacktestRun {
  asked: BacktestAsked;
  /** Keeps what was shown as a fixture of this name. */
  keep?: { name: string; rulesText: string; only: string[] } | undefined;
}

export interface BacktestProgress {
  pass: number;
  passes: number;
  eventsRead: number;
  eventsTotal: number;
}

export interface BacktestFound {
  result: BacktestResult;
  /** JSON under gzip. */
  fixture?: Uint8Array;
}

/** Tries rules on the log, away from everything that must not wait for it. */
export interface Backtester {
  /** Throws `BacktestTooLargeError` when what is to be kept is more than a fixture holds. */
  run(
    wanted: BacktestRun,
    options: { signal: AbortSignal; onProgress: (progress: BacktestProgress) => void },
  ): Promise<BacktestFound>;
}

export class BacktestTooLargeError extends Error {}

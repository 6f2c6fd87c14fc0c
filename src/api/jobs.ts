import { ChronoscopeError, type ErrorCode } from '../domain/errors.ts';
import type { Role } from '../domain/events/catalogue.ts';
import { pause } from '../projections/batchWindow.ts';
import type { EventLog } from '../projections/ports.ts';
import { RebuildBusyError, type RebuildDeps, rebuild } from '../projections/rebuild.ts';
import type { Runner, Tracked } from '../projections/runner.ts';

/** Long work that runs beside the requests that asked for it: one at a time, in the order of asking. */

export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export interface Job {
  id: string;
  kind: string;
  /** `*` for work on the engine as a whole. */
  project: string;
  /** The least role that may see and cancel it. */
  role: Role;
  state: JobState;
  /** Epoch milliseconds. */
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  progress?: unknown;
  result?: unknown;
  error?: { code: ErrorCode; message: string };
}

export interface JobContext {
  signal: AbortSignal;
  progress(progress: unknown): void;
}

export type JobWork = (context: JobContext) => Promise<unknown>;

export interface Jobs {
  start(about: Pick<Job, 'kind' | 'project' | 'role'>, work: JobWork): Job;
  get(id: string): Job | undefined;
  /** The newest first. */
  list(): Job[];
  /** Asks it to end; one that runs is `cancelled` once it has. False when it had ended already. */
  cancel(id: string): boolean;
  /** Cancels those of these kinds, and resolves when none of them runs any more. */
  end(kinds: readonly string[]): Promise<void>;
  /** Called with each change; gives back what ends that. */
  onChange(listener: (job: Job) => void): () => void;
  /** Cancels everything, and resolves when nothing runs any more. */
  close(): Promise<void>;
}

interface Entry {
  job: Job;
  stop: AbortController;
  work: JobWork;
}

/** Ended jobs are remembered so long as there are not more than these. */
const mostKept = 100;

export function createJobs(deps: { clock: () => number; newId: () => string }): Jobs {
  const { clock, newId } = deps;
  const entries = new Map<string, Entry>();
  const listeners = new Set<(job: Job) => void>();
  let running: Promise<void> = Promise.resolve();
  let closed = false;

  const change = (entry: Entry, part: Partial<Job>): void => {
    entry.job = { ...entry.job, ...part };
    for (const listener of listeners) listener(entry.job);
  };

  async function run(entry: Entry): Promise<void> {
    const { signal } = entry.stop;
    if (entry.job.endedAt !== undefined) return;
    if (!signal.aborted) {
      change(entry, { state: 'running', startedAt: clock() });
      try {
        const result = await entry.work({ signal, progress: (progress) => change(entry, { progress }) });
        change(entry, { state: 'succeeded', endedAt: clock(), result });
        return;
      } catch (error) {
        if (!signal.aborted) {
          change(entry, { state: 'failed', endedAt: clock(), error: explained(error) });
          return;
        }
      }
    }
    change(entry, { state: 'cancelled', endedAt: clock() });
  }

  function forgetOld(): void {
    for (const [id, { job }] of entries) {
      if (entries.size <= mostKept) return;
      if (job.endedAt !== undefined) entries.delete(id);
    }
  }

  function cancel(id: string): boolean {
    const entry = entries.get(id);
    if (entry === undefined || entry.job.endedAt !== undefined) return false;
    entry.stop.abort(new Error('the job was cancelled'));
    if (entry.job.state === 'queued') change(entry, { state: 'cancelled', endedAt: clock() });
    return true;
  }

  function onChange(listener: (job: Job) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  function untilEnded(id: string): Promise<void> {
    return new Promise((resolve) => {
      const forget = onChange((job) => {
        if (job.id !== id || job.endedAt === undefined) return;
        forget();
        resolve();
      });
    });
  }

  return {
    start(about, work) {
      if (closed)
        throw new ChronoscopeError('CHR_SHUTTING_DOWN', 'The engine is stopping.', { retryAfterSeconds: 1 });
      const job: Job = { id: newId(), ...about, state: 'queued', createdAt: clock() };
      const entry: Entry = { job, stop: new AbortController(), work };
      entries.set(job.id, entry);
      forgetOld();
      change(entry, {});
      running = running.then(() => run(entry));
      return entry.job;
    },
    get: (id) => entries.get(id)?.job,
    list: () => [...entries.values()].map(({ job }) => job).reverse(),
    cancel,
    async end(kinds) {
      const open = [...entries.values()].filter(
        ({ job }) => kinds.includes(job.kind) && job.endedAt === undefined,
      );
      const ended = open.map(({ job }) => untilEnded(job.id));
      for (const { job } of open) cancel(job.id);
      await Promise.all(ended);
    },
    onChange,
    async close() {
      closed = true;
      for (const { stop } of entries.values()) stop.abort(new Error('the engine is stopping'));
      await running;
    },
  };
}

/** Whoever may see a job is told what went wrong in it. */
const explained = (error: unknown): { code: ErrorCode; message: string } => ({
  code: error instanceof ChronoscopeError ? error.code : 'CHR_INTERNAL',
  message: error instanceof Error ? error.message : String(error),
});

export interface ReadModelDeps {
  jobs: Jobs;
  runner: Runner;
  log: Pick<EventLog, 'stats'>;
}

/** The kinds of jobs that fill tables of read models. */
export const readModelJobs: readonly string[] = ['rebuild', 'verification'];

export type ReadModelWork = (deps: RebuildDeps, tracked: Tracked) => Promise<unknown>;

export const rebuilding: ReadModelWork = async (deps, tracked) => {
  await rebuild(deps, tracked);
  return tracked.projection.name;
};

/** One job that works on several read models, one after the other; its result is what came of each. */
export const startOnEach = (
  { jobs, runner, log }: ReadModelDeps,
  kind: string,
  chosen: readonly Tracked[],
  work: ReadModelWork,
): Job =>
  jobs.start({ kind, project: '*', role: 'admin' }, async ({ signal, progress }) => {
    const results: unknown[] = [];
    for (const tracked of chosen) {
      signal.throwIfAborted();
      const result = work({ runner, log, signal, onProgress: progress }, tracked);
      results.push(await result.catch(explainBusy));
    }
    return results;
  });

function explainBusy(error: unknown): never {
  throw error instanceof RebuildBusyError ? new ChronoscopeError('CHR_CONFLICT', error.message) : error;
}

export interface NewVersionsDeps extends ReadModelDeps {
  onFailed: (projection: string, reason: string, retryInMs: number) => void;
  firstRetryMs?: number;
}

const longestRetryMs = 300_000;

/**
 * Builds every read model whose version was raised, beside its old tables, which are shown until then. What fails is
 * tried again, and what someone cancels is left for the next start.
 */
export function buildNewVersions(deps: NewVersionsDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const building = deps.runner.outdated().map((tracked) => untilBuilt(deps, tracked, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(building);
    },
  };
}

async function untilBuilt(deps: NewVersionsDeps, tracked: Tracked, signal: AbortSignal): Promise<void> {
  let retryMs = deps.firstRetryMs ?? 5_000;
  while (deps.runner.outdated().includes(tracked) || tracked.unfinished) {
    const job = await ended(deps.jobs, startOnEach(deps, 'rebuild', [tracked], rebuilding), signal);
    if (job.error === undefined) return;
    deps.onFailed(tracked.projection.name, job.error.message, retryMs);
    await pause(retryMs, signal);
    if (signal.aborted) return;
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }
}

/** Waits for a job that was just started; `signal` cancels it. */
function ended(jobs: Jobs, { id }: Job, signal: AbortSignal): Promise<Job> {
  return new Promise((resolve) => {
    const cancel = () => jobs.cancel(id);
    signal.addEventListener('abort', cancel);
    const forget = jobs.onChange((job) => {
      if (job.id !== id || job.endedAt === undefined) return;
      forget();
      signal.removeEventListener('abort', cancel);
      resolve(job);
    });
  });
}

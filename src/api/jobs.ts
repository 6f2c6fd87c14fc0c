import { ChronoscopeError, type ErrorCode } from '../domain/errors.ts';
import type { Role } from '../domain/events/catalogue.ts';

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
    cancel(id) {
      const entry = entries.get(id);
      if (entry === undefined || entry.job.endedAt !== undefined) return false;
      entry.stop.abort(new Error('the job was cancelled'));
      if (entry.job.state === 'queued') change(entry, { state: 'cancelled', endedAt: clock() });
      return true;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
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

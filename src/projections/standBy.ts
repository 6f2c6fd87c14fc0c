import { pause } from './batchWindow.ts';
import type { Leases } from './ports.ts';

/** What one process does at a time, as long as it is up and the others do not. */
export interface Work {
  stop(): Promise<void>;
}

export interface StandByDeps {
  leases: Leases;
  /** The work's, by which processes agree on who does it. */
  name: string;
  /** Gives up what it waits for when `signal` says so. */
  begin: (signal: AbortSignal) => Promise<Work>;
  observer: StandByObserver;
  /** Milliseconds that never go back. */
  stopwatch: () => number;
}

export interface StandByObserver {
  /** This process has taken the work up, or has let go of it. */
  turned(name: string, leads: boolean): void;
  failed(name: string, error: unknown): void;
}

const leaseMs = 15_000;
const renewEveryMs = 5_000;
const askAgainMs = 2_000;

/**
 * Does the work while this process holds its lease, and stands by while another does. Two may be at it for a moment;
 * the work itself sees to it that this does no harm.
 */
export function standBy(deps: StandByDeps): StandBy {
  const { leases, name, begin, observer, stopwatch } = deps;
  const stopping = new AbortController();
  let work: Work | undefined;
  let heldAt = Number.NEGATIVE_INFINITY;

  async function turn(): Promise<void> {
    try {
      const held = await leases.hold(name, leaseMs);
      if (held) heldAt = stopwatch();
      if (!held) await letGo();
    } catch (error) {
      observer.failed(name, error);
      // Whoever cannot ask goes on until the others may take it for gone.
      if (stopwatch() - heldAt > leaseMs) await letGo();
      return;
    }
    if (stopwatch() - heldAt < leaseMs && work === undefined && !stopping.signal.aborted) await takeUp();
  }

  async function takeUp(): Promise<void> {
    try {
      work = await begin(stopping.signal);
      observer.turned(name, true);
    } catch (error) {
      heldAt = Number.NEGATIVE_INFINITY;
      await leases.release(name).catch(() => undefined);
      throw error;
    }
  }

  async function letGo(): Promise<void> {
    const ending = work;
    work = undefined;
    if (ending === undefined) return;
    observer.turned(name, false);
    await ending.stop();
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await pause(work === undefined ? askAgainMs : renewEveryMs, signal);
      if (!signal.aborted) await turn().catch((error: unknown) => observer.failed(name, error));
    }
  }

  let running: Promise<void> = Promise.resolve();
  return {
    async start() {
      const first = turn();
      running = first.catch(() => undefined).then(run);
      await first;
    },
    leads: () => work !== undefined,
    async stop() {
      stopping.abort();
      await running;
      await letGo();
      await leases.release(name).catch((error: unknown) => observer.failed(name, error));
    },
  };
}

export interface StandBy {
  /** Resolves when the work has begun here, or another process is at it; throws when it cannot begin, and goes on trying. */
  start(): Promise<void>;
  leads(): boolean;
  /** Lets go of the work, so that another process can take it up at once. */
  stop(): Promise<void>;
}

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
  /**
   * Gives up what it waits for when `signal` says so. The work calls `overtaken` when it finds that another process has
   * gone on with it: it is then let go, and begun anew if the lease is still held here.
   */
  begin: (signal: AbortSignal, overtaken: () => void) => Promise<Work>;
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
  let isOvertaken = false;
  let fault: unknown = new Error(`${name} has not been taken up yet`);

  const isHeld = () => stopwatch() - heldAt < leaseMs;

  async function hold(): Promise<boolean> {
    // It counts from here: the answer may take its time.
    const askedAt = stopwatch();
    const held = await leases.hold(name, leaseMs);
    heldAt = held ? askedAt : Number.NEGATIVE_INFINITY;
    return held;
  }

  async function turn(): Promise<void> {
    if (isOvertaken) await letGo();
    try {
      if (!(await hold())) await letGo();
    } catch (error) {
      fault = error;
      observer.failed(name, error);
      // Whoever cannot ask goes on until the others may take it for gone.
      if (!isHeld()) await letGo();
      return;
    }
    if (work === undefined && isHeld() && !stopping.signal.aborted) await takeUp();
    fault = undefined;
  }

  async function takeUp(): Promise<void> {
    isOvertaken = false;
    try {
      work = await beginAndKeep();
      observer.turned(name, true);
    } catch (error) {
      fault = error;
      heldAt = Number.NEGATIVE_INFINITY;
      await leases.release(name).catch(() => undefined);
      throw error;
    }
  }

  const beOvertaken = (): void => {
    isOvertaken = true;
  };

  /** To begin can take longer than a lease lasts, and must not be taken for being gone. */
  async function beginAndKeep(): Promise<Work> {
    const giving = new AbortController();
    const begun = new AbortController();
    const giveUp = () => giving.abort();
    stopping.signal.addEventListener('abort', giveUp);
    const keeping = keepUntil(begun.signal, giveUp);
    try {
      return await begin(giving.signal, beOvertaken);
    } finally {
      begun.abort();
      stopping.signal.removeEventListener('abort', giveUp);
      await keeping;
    }
  }

  async function keepUntil(begun: AbortSignal, giveUp: () => void): Promise<void> {
    while (!begun.aborted) {
      await pause(renewEveryMs, begun);
      if (begun.aborted) return;
      const held = await hold().catch(isHeld);
      if (!held) return giveUp();
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
    check: async () => {
      if (fault !== undefined) throw fault;
    },
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
  /** Throws what keeps this process from taking the work up, or from asking whether another one is at it. */
  check(): Promise<void>;
  /** Lets go of the work, so that another process can take it up at once. */
  stop(): Promise<void>;
}

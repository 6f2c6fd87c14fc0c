import type { ReadinessCheck } from './ports.ts';

interface DependencyState {
  name: string;
  state: 'up' | 'down' | 'degraded';
  /** One word for everybody. */
  reason?: 'timeout' | 'failed';
  /** The fault's own text, which can name hosts and folders: for callers with a key. */
  detail?: string;
  tookMs: number;
}

export interface Readiness {
  ready: boolean;
  dependencies: DependencyState[];
}

export interface ReadinessDeps {
  checks: readonly ReadinessCheck[];
  /** Milliseconds that never go back. */
  clock: () => number;
  timeoutMs?: number;
  /** How long an answer is kept, so that probes cannot load what they probe. */
  keepMs?: number;
}

/** Asks every dependency at most once a second, all at once, none longer than its time-out. */
export function createReadiness(deps: ReadinessDeps): () => Promise<Readiness> {
  const { checks, clock, timeoutMs = 2_000, keepMs = 1_000 } = deps;
  let last: { at: number; answer: Promise<Readiness> } | undefined;
  const ask = async (): Promise<Readiness> => {
    const dependencies = await Promise.all(checks.map((check) => askOne(check, clock, timeoutMs)));
    return { ready: dependencies.every((dependency) => dependency.state !== 'down'), dependencies };
  };
  return () => {
    if (last === undefined || clock() - last.at >= keepMs) last = { at: clock(), answer: ask() };
    return last.answer;
  };
}

const timedOut = Symbol('timed out');

async function askOne(
  check: ReadinessCheck,
  clock: () => number,
  timeoutMs: number,
): Promise<DependencyState> {
  const startedAt = clock();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeoutMs, timedOut);
  });
  try {
    // Begun inside a promise, so that a check that throws at once is a failed one too.
    await Promise.race([Promise.resolve().then(() => check.check()), timeout]);
    return { name: check.name, state: 'up', tookMs: Math.round(clock() - startedAt) };
  } catch (fault) {
    const late = fault === timedOut;
    return {
      name: check.name,
      state: check.optional === true ? 'degraded' : 'down',
      reason: late ? 'timeout' : 'failed',
      detail: late ? `no answer within ${timeoutMs} ms` : textOf(fault),
      tookMs: Math.round(clock() - startedAt),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Driver errors like to quote the address that they were given, password included. */
const textOf = (fault: unknown): string =>
  (fault instanceof Error ? fault.message : String(fault)).replace(/\/\/[^\s/@]*@/g, '//…@').slice(0, 500);

import type { LimitStore } from '../../api/ports.ts';
import type { LimitVerdict } from '../../domain/limits.ts';

export interface DegradingLimitsOptions {
  shared: LimitStore & { ping(): Promise<void> };
  /** Answers while the shared store is away; every process then counts for itself. */
  local: LimitStore;
  /** How long between two attempts to reach the shared store again. */
  retryEveryMs?: number;
  onChange?: (change: { degraded: boolean; error?: unknown }) => void;
}

export interface DegradingLimits extends LimitStore {
  readonly degraded: boolean;
}

/**
 * The first failure turns to the local store; from then on nobody waits for the shared one, which is asked in the
 * background until it answers again.
 */
export function createDegradingLimits(options: DegradingLimitsOptions): DegradingLimits {
  const { shared, local, retryEveryMs = 500, onChange } = options;
  let degraded = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  const tryAgain = (): void => {
    retry = setTimeout(async () => {
      try {
        await shared.ping();
        degraded = false;
        onChange?.({ degraded });
      } catch {
        if (!closed) tryAgain();
      }
    }, retryEveryMs).unref();
  };

  const degrade = (error: unknown): void => {
    if (degraded || closed) return;
    degraded = true;
    onChange?.({ degraded, error });
    tryAgain();
  };

  return {
    take(claims, cost): LimitVerdict | Promise<LimitVerdict> {
      if (degraded) return local.take(claims, cost);
      return Promise.resolve(shared.take(claims, cost)).catch((error: unknown) => {
        degrade(error);
        return local.take(claims, cost);
      });
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await Promise.all([shared.close(), local.close()]);
    },
    get degraded() {
      return degraded;
    },
  };
}

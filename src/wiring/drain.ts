import type { Logger } from 'pino';

const stopWithinMs = 9_000;

/** Each in its turn, the last acquired first; one that fails or hangs does not keep the others from their turn. */
export async function drain(cleanups: (() => unknown)[], logger: Logger): Promise<void> {
  const deadline = performance.now() + stopWithinMs;
  for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) {
    const late = new Promise<'late'>((resolve) => {
      setTimeout(resolve, Math.max(100, deadline - performance.now()), 'late').unref();
    });
    try {
      if ((await Promise.race([cleanup(), late])) === 'late')
        logger.error('a part of the engine did not stop in time');
    } catch (error) {
      logger.error({ err: error }, 'a part of the engine could not be stopped cleanly');
    }
  }
}

import type { Logger } from 'pino';

/** How long a stop may take before the process ends all the same. */
const graceMs = 10_000;
/** A terminal's Ctrl-C reaches the process twice when npm stands in between: once directly, once passed on. */
const echoMs = 300;

type Signal = 'SIGTERM' | 'SIGINT';
const signalNumbers: Readonly<Record<Signal, number>> = { SIGTERM: 15, SIGINT: 2 };

export interface Shutdown {
  /** Waits for a signal, then for `stop` to drain; resolves to the exit code. */
  drain(stop: () => Promise<void>): Promise<number>;
}

/**
 * Listens from the moment of its making: a signal that comes while the engine still starts is kept until there is
 * something to stop, but no longer than a stop may take. The second signal ends the process at once, as does a stop that takes too long.
 */
export function listenForSignals(logger: Logger): Shutdown {
  let askedAt: number | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let begin: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ask = (signal: Signal) => {
    const now = performance.now();
    if (askedAt !== undefined) {
      if (signal === 'SIGINT' && now - askedAt < echoMs) return;
      process.exit(128 + signalNumbers[signal]);
    }
    askedAt = now;
    logger.info({ signal }, 'stopping; a second signal ends at once');
    // From here, for a start may be waiting for a store that is away.
    deadline = setTimeout(() => {
      logger.error(`the stop took longer than ${graceMs / 1000} s`);
      process.exit(1);
    }, graceMs).unref();
    begin();
  };
  process.on('SIGTERM', ask).on('SIGINT', ask);

  return {
    async drain(stop) {
      await asked;
      try {
        await stop();
        return 0;
      } catch (err) {
        logger.error({ err }, 'the stop failed');
        return 1;
      } finally {
        clearTimeout(deadline);
      }
    },
  };
}

/** What nobody caught leaves the program in a state that nobody knows; the log makes ending here safe. */
export function endOnUncaught(logger: Logger): void {
  const end = (kind: string) => (err: unknown) => {
    logger.fatal({ err }, kind);
    process.exit(1);
  };
  process.on('uncaughtException', end('uncaught exception'));
  process.on('unhandledRejection', end('unhandled rejection'));
}

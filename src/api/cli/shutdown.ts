import type { Logger } from 'pino';

/** How long a stop may take before the process ends all the same. */
const graceMs = 10_000;
/** A terminal's Ctrl-C reaches the process twice when npm stands in between: once directly, once passed on. */
const echoMs = 300;

type Signal = 'SIGTERM' | 'SIGINT';
const signalNumbers: Readonly<Record<Signal, number>> = { SIGTERM: 15, SIGINT: 2 };

/**
 * Runs until a signal asks for the end, then until `stop` has drained; resolves to the exit code. The second signal
 * ends the process at once, as does a stop that takes too long.
 */
export function runUntilStopped(logger: Logger, stop: () => Promise<void>): Promise<number> {
  let askedAt: number | undefined;
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });

  const ask = (signal: Signal) => {
    const now = performance.now();
    if (askedAt !== undefined) {
      if (signal === 'SIGINT' && now - askedAt < echoMs) return;
      process.exit(128 + signalNumbers[signal]);
    }
    askedAt = now;
    logger.info({ signal }, 'stopping; a second signal ends at once');
    const deadline = setTimeout(() => {
      logger.error(`the stop took longer than ${graceMs / 1000} s`);
      process.exit(1);
    }, graceMs);
    stop()
      .then(() => end(0))
      .catch((err: unknown) => {
        logger.error({ err }, 'the stop failed');
        end(1);
      })
      .finally(() => clearTimeout(deadline));
  };

  process.on('SIGTERM', ask).on('SIGINT', ask);
  return ended;
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

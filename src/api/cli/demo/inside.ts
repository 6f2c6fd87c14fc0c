import type { Logger } from 'pino';
import type { Run } from '../command.ts';
import type { RunningApp } from '../ports.ts';
import { defaultSeed, wholeDayMs } from './bot.ts';
import { recall, remember } from './memory.ts';
import { runShownBot } from './shownBot.ts';

const keyName = 'simulated bot';

/** Runs the simulated bot beside the engine of this process, with a key of its own that ends with it. */
export function simulateInside(
  run: Run,
  app: RunningApp,
  { dataFolder, logger }: { dataFolder: string; logger: Logger },
): { stop(): Promise<void> } {
  const ending = new AbortController();
  const ended = live(run, app, dataFolder, logger, ending.signal).catch((err: unknown) => {
    if (!ending.signal.aborted) logger.error({ err }, 'the simulated bot ended');
  });
  return {
    async stop() {
      ending.abort();
      await ended;
    },
  };
}

async function live(
  run: Run,
  app: RunningApp,
  dataFolder: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  // A killed process could not end its key.
  for (const { keyId, name, revokedAt } of await app.listKeys()) {
    if (name === keyName && revokedAt === undefined) await app.revokeKey(keyId);
  }
  const { key, info } = await app.issueKey({ role: 'ingest', name: keyName, project: 'default' });
  try {
    await runShownBot(run.notes, {
      address: app.address,
      key,
      memory: await recall(dataFolder),
      seed: defaultSeed,
      pastMs: wholeDayMs,
      keep: (memory) => remember(dataFolder, memory),
      onLive(events) {
        if (events > 0)
          logger.info({ events }, 'the simulated bot has told its last 24 hours and goes on live');
        else logger.info('the simulated bot goes on live');
      },
      signal,
    });
  } finally {
    await app.revokeKey(info.keyId);
  }
}

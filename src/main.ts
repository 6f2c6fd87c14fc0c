import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCli } from './api/cli/cli.ts';
import type { Configured, RunningApp, Settings, Stream } from './api/cli/ports.ts';
import { doorFault, engineMissing, folderFault } from './api/cli/startFaults.ts';
import type { App, Overrides } from './app.ts';
import { type Config, ConfigError, parseConfig } from './config.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Runs one command line; resolves to the exit code when all that it printed is written. */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const packageFolder = fileURLToPath(new URL('..', import.meta.url));
  // A reader that went away (`chronoscope keys | head`) is no fault of ours.
  process.stdout.on('error', () => undefined);
  return runCli(argv, env, {
    version,
    packageFolder,
    configure,
    stdout: streamOf(process.stdout),
    stderr: streamOf(process.stderr),
  });
}

const streamOf = (stream: NodeJS.WriteStream): Stream => ({
  write: (text) => void stream.write(text),
  isTTY: stream.isTTY === true,
  get columns() {
    return stream.columns;
  },
});

function configure(env: NodeJS.ProcessEnv): Configured | { faults: readonly string[] } {
  try {
    return configured(parseConfig(env));
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.faults };
    throw error;
  }
}

function configured(config: Config): Configured {
  return {
    settings: settingsOf(config),
    async startApp({ logger }) {
      const app = await open(config, { logger, version });
      const started = await app.start().catch(async (error: unknown) => {
        const { firstAdminKey } = app.keyring;
        await app.stop();
        // It was stored a moment ago and is told only once: the next start would not know it any more.
        if (firstAdminKey !== undefined) process.stderr.write(`The admin key was made: ${firstAdminKey}\n`);
        throw doorFault(error, config.http);
      });
      return running(app, started);
    },
    async moveLog(request) {
      const { moveBetween } = await import('./wiring/moving.ts');
      return await moveBetween({ ...request, dataFolder: config.dataFolder });
    },
    async openOffline({ logger }) {
      const { offlineEngine } = await import('./api/cli/offline.ts');
      const app = await open(config, { logger, version, isVisit: true });
      const { log, keyring, backtests } = app;
      const runner = app.builder();
      const where = `the folder ${config.dataFolder}`;
      const { firstAdminKey } = keyring;
      return {
        ...offlineEngine({ where, runner, log, keyring, backtests, close: () => app.stop() }),
        ...(firstAdminKey !== undefined && { firstAdminKey }),
      };
    },
  };
}

/** Loaded late: help and wrong usage answer at once, without half a gigabyte of engine. */
async function open(config: Config, overrides: Overrides): Promise<App> {
  const { createApp } = await import('./app.ts').catch((error: unknown) => {
    throw engineMissing(error);
  });
  return createApp(config, overrides).catch((error: unknown) => {
    throw folderFault(error, config.dataFolder);
  });
}

function running(app: App, started: Awaited<ReturnType<App['start']>>): RunningApp {
  return {
    ...started,
    listKeys: async () => app.keyring.list(),
    issueKey: (wanted) => app.keyring.issue(wanted),
    revokeKey: (keyId) => app.keyring.revoke(keyId),
    stop: () => app.stop(),
  };
}

const settingsOf = ({
  http,
  sql,
  dataFolder,
  adminKey,
  log,
  feed,
  read,
  redisUrl,
  logLevel,
}: Config): Settings => ({
  host: http.host,
  port: http.port,
  dataFolder,
  sqlPort: sql.port === 'off' || read.kind !== 'chdb' ? undefined : sql.port,
  log: log.kind === 'lmdb' ? 'lmdb:' : log.url.reveal(),
  feed: feed.kind === 'log' ? 'log:' : `kafka://${feed.brokers.join(',')}`,
  read: read.kind === 'chdb' ? 'chdb:' : read.url.reveal(),
  redisUrl: redisUrl?.reveal(),
  adminKey: adminKey?.reveal(),
  logLevel,
});

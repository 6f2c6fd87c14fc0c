import { configure, dataOption, withOptions } from './access.ts';
import { banner } from './banner.ts';
import type { Command, Option, Run } from './command.ts';
import { simulateInside } from './demo/inside.ts';
import { createLogger } from './logger.ts';
import { endOnUncaught, listenForSignals } from './shutdown.ts';

export const doorOptions: Readonly<Record<string, Option>> = {
  host: { type: 'string', value: '<host>', help: 'where to listen; default CHRONOSCOPE_HOST or 127.0.0.1' },
  port: {
    type: 'string',
    short: 'p',
    value: '<port>',
    help: 'default CHRONOSCOPE_PORT or 7070; 0 takes a free one',
  },
  'sql-port': {
    type: 'string',
    value: '<port>',
    help: "default CHRONOSCOPE_SQL_PORT or 8123; 'off' closes it",
  },
  ...dataOption,
};

/** Starts everything in this process and stays until a signal ends it. */
export async function serve(
  run: Run,
  { demo, env }: { demo: boolean; env: NodeJS.ProcessEnv },
): Promise<number> {
  const startedAt = performance.now();
  const configured = configure(run, env);
  const { dataFolder, logLevel } = configured.settings;
  const logger = createLogger(logLevel, run.notes, run.env);
  const shutdown = listenForSignals(logger);
  endOnUncaught(logger);
  const app = await configured.startApp({ logger });
  const tookMs = performance.now() - startedAt;
  if (run.json) {
    const { address, sqlAddress, firstAdminKey } = app;
    run.printJson({ address, sqlAddress, dataFolder, adminKey: firstAdminKey });
  } else {
    run.print(banner(app, { version: run.ports.version, dataFolder, tookMs, demo }, run.paint));
  }
  const bot = demo ? simulateInside(run, app, { dataFolder, logger }) : undefined;
  return shutdown.drain(async () => {
    await bot?.stop();
    await app.stop();
  });
}

export const serveCommand: Command = {
  name: 'serve',
  summary: 'start the engine: everything, in this one process',
  details: [
    'On the very first start an admin key is made and shown. SIGTERM and Ctrl-C drain what is under way and end within ten seconds; a second one ends at once.',
    'Logs go to standard error: lines to read on a terminal, JSON elsewhere.',
  ],
  options: {
    demo: { type: 'boolean', help: 'let a simulated bot send to it' },
    ...doorOptions,
  },
  examples: [
    'chronoscope serve',
    'chronoscope serve --port 0 --data /var/lib/chronoscope',
    'npm start -- --demo',
  ],
  run: (run) => serve(run, { demo: run.values.demo === true, env: withOptions(run) }),
};

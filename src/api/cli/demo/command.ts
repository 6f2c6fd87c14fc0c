import { z } from 'zod';
import { addressOf, configure, withOptions } from '../access.ts';
import { type Command, type Run, textOf } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { createHttpClient } from '../httpClient.ts';
import { doorOptions, serve } from '../serve.ts';
import { count } from '../text.ts';
import { defaultSeed, wholeDayMs } from './bot.ts';
import { runShownBot } from './shownBot.ts';

const ownFolder = './demo-data';

const latencyAnswer = z.object({ operations: z.array(z.unknown()) });

export const demoCommand: Command = {
  name: 'demo',
  summary: 'let a simulated bot produce traffic, an incident included',
  details: [
    `Without --url an engine is started for it, on ${ownFolder} unless a data folder is named; with --url it sends to a running one. What it sends is kept like all events, so give it a folder of its own.`,
    'The incident and the questions that find its cause are told in docs/demo.md.',
  ],
  options: {
    url: { type: 'string', short: 'u', value: '<address>', help: 'the address of a running engine' },
    key: {
      type: 'string',
      short: 'k',
      value: '<key>',
      help: 'a key for it with the role user or higher; default CHRONOSCOPE_ADMIN_KEY',
    },
    seed: { type: 'string', value: '<text>', help: 'another seed is another day; with --url' },
    ...doorOptions,
  },
  examples: ['chronoscope demo', 'chronoscope demo --url http://127.0.0.1:7070 --key "$KEY"'],
  run(run) {
    const url = textOf(run.values, 'url');
    if (url !== undefined) return sendTo(run, addressOf(url));
    const env = withOptions(run);
    return serve(run, { demo: true, env: { ...env, CHRONOSCOPE_DATA: env.CHRONOSCOPE_DATA ?? ownFolder } });
  },
};

/** Sends to an engine that runs elsewhere until it is interrupted. */
async function sendTo(run: Run, address: string): Promise<number> {
  const key = textOf(run.values, 'key') ?? configure(run).settings.adminKey;
  if (key === undefined) {
    throw new CommandError(
      'key_needed',
      `${address} asks for a key`,
      'Give one with --key or CHRONOSCOPE_ADMIN_KEY.',
    );
  }
  const client = createHttpClient(address, key);
  const { operations } = await client.call('GET', '/v1/latency?window=24h', latencyAnswer);
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const tell = (events: number) => {
    if (run.json) return run.printJson({ address, live: true, events });
    const past = events > 0 ? `The last 24 hours are told: ${count(events)} events. ` : '';
    run.print(`${past}The simulated bot sends to ${address} until Ctrl-C.`);
  };
  try {
    await runShownBot(run.notes, {
      address,
      key,
      memory: undefined,
      seed: textOf(run.values, 'seed') ?? defaultSeed,
      // A past under what is there already would only confuse the picture.
      pastMs: operations.length === 0 ? wholeDayMs : 0,
      keep: async () => undefined,
      onLive: tell,
      signal: ending.signal,
    });
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
  return exitCodes.done;
}

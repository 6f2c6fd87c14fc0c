import { resolve } from 'node:path';
import pino from 'pino';
import { type Option, type Run, textOf } from './command.ts';
import { CommandError, ConfigFaults, UsageError } from './exit.ts';
import { createHttpClient } from './httpClient.ts';
import type { Configured, EngineAccess } from './ports.ts';
import { remoteEngine } from './remoteEngine.ts';
import { answers, findEngine } from './running.ts';

export const dataOption: Readonly<Record<string, Option>> = {
  data: {
    type: 'string',
    short: 'd',
    value: '<folder>',
    help: 'the data folder; default CHRONOSCOPE_DATA or ./data',
  },
};

/** For commands that talk to an engine if one runs, and open its folder if none does. */
export const accessOptions: Readonly<Record<string, Option>> = {
  url: { type: 'string', short: 'u', value: '<address>', help: 'the address of a running engine' },
  key: {
    type: 'string',
    short: 'k',
    value: '<key>',
    help: 'a key for it; default CHRONOSCOPE_ADMIN_KEY',
  },
  ...dataOption,
};

export const accessDetails =
  'Asks the engine that runs on the data folder, or the one at --url. When none runs, the folder is opened here.';

/** Options stand in for variables: what they say is judged by the same rules. */
const optionVariables: Readonly<Record<string, string>> = {
  data: 'CHRONOSCOPE_DATA',
  host: 'CHRONOSCOPE_HOST',
  port: 'CHRONOSCOPE_PORT',
  'sql-port': 'CHRONOSCOPE_SQL_PORT',
};

export function withOptions(run: Run): NodeJS.ProcessEnv {
  const env = { ...run.env };
  for (const [option, name] of Object.entries(optionVariables)) {
    const value = textOf(run.values, option);
    if (value !== undefined) env[name] = value;
  }
  return env;
}

export function configure(run: Run, env = withOptions(run)): Configured {
  const configured = run.ports.configure(env);
  if ('faults' in configured) throw new ConfigFaults(configured.faults);
  return configured;
}

export function addressOf(text: string): string {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(full) && /^https?:/i.test(full)) return new URL(full).origin;
  throw new UsageError(`--url ${text} is no address`, 'an address looks like http://127.0.0.1:7070');
}

/** Opens the engine that the command line means; the caller closes it. */
export async function openEngine(run: Run): Promise<EngineAccess> {
  const url = textOf(run.values, 'url');
  const configured = configure(run);
  const key = textOf(run.values, 'key') ?? configured.settings.adminKey;
  if (url !== undefined) return remoteEngine(createHttpClient(addressOf(url), needed(key, addressOf(url))));
  const { dataFolder } = configured.settings;
  const engine = await findEngine(dataFolder);
  if (engine !== undefined && (await answers(engine.address))) {
    return remoteEngine(createHttpClient(engine.address, needed(key, engine.address)));
  }
  const opened = await configured.openOffline({ logger: pino({ level: 'silent' }) });
  tellFirstKey(run, opened.firstAdminKey, dataFolder);
  return opened;
}

function needed(key: string | undefined, address: string): string {
  if (key !== undefined) return key;
  const hint =
    'Give one with --key or CHRONOSCOPE_ADMIN_KEY, or stop the engine: its folder can then be opened without.';
  throw new CommandError('key_needed', `the engine at ${address} asks for an admin key`, hint);
}

/** Opening an empty folder makes its first admin key, which no later start would tell again. */
function tellFirstKey(run: Run, key: string | undefined, dataFolder: string): void {
  if (key === undefined) return;
  run.notes.write(`${resolve(dataFolder)} was empty; its admin key, shown this once: ${key}\n`);
}

import { parseArgs } from 'node:util';
import { nearest } from '../../domain/nearest.ts';
import type { Command, Option, Values } from './command.ts';
import { UsageError } from './exit.ts';

export const commonOptions: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', help: 'answer in JSON, one document on standard output' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
};

export const globalOptions: Readonly<Record<string, Option>> = {
  ...commonOptions,
  version: { type: 'boolean', short: 'V', help: 'show the version' },
};

export interface Found {
  command: Command | undefined;
  /** What was written in a command's place. */
  word: string | undefined;
  rest: string[];
}

/** The command is the first word that is no option; a family's second word belongs to its name. */
export function findCommand(argv: readonly string[], commands: readonly Command[]): Found {
  const at = argv.findIndex((word) => !word.startsWith('-'));
  const word = argv[at];
  if (word === undefined) return { command: undefined, word: undefined, rest: [...argv] };
  const isPart = (each: string) => commands.some(({ name }) => name === `${word} ${each}`);
  const after = argv.findIndex((each, index) => index > at && isPart(each));
  const pair = commands.find(({ name }) => name === `${word} ${argv[after]}`);
  if (pair !== undefined)
    return { command: pair, word, rest: argv.filter((_, i) => i !== at && i !== after) };
  const command = commands.find(({ name }) => name === word);
  return { command, word, rest: argv.filter((_, i) => i !== at) };
}

/** A family takes no arguments of its own: what stands there was meant as one of its parts. */
export function tooMuch(command: Command, word: string, commands: readonly Command[]): UsageError {
  const parts = commands
    .filter(({ name }) => name.startsWith(`${command.name} `))
    .map(({ name }) => name.slice(command.name.length + 1));
  if (parts.length === 0) return new UsageError(`"${word}" is one argument too many`);
  const meant = nearest(word, parts);
  const known = `they are ${parts.join(', ')}`;
  const hint = meant === undefined ? known : `did you mean "${meant}"?`;
  return new UsageError(`there is no command "${command.name} ${word}"`, hint);
}

export function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const names = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name)), 'help'];
  const meant = nearest(word, names);
  const known = `the commands are ${names.filter((name) => name !== 'help').join(', ')}`;
  return new UsageError(
    `there is no command "${word}"`,
    meant === undefined ? known : `did you mean "${meant}"?`,
  );
}

export interface Parsed {
  values: Values;
  positionals: string[];
}

/** Parses and judges: what is unknown, lacks its value or is too much is a `UsageError`. */
export function parse(
  argv: readonly string[],
  options: Readonly<Record<string, Option>> = {},
  positionals: readonly string[] = [],
  extra: (word: string) => UsageError = (word) => new UsageError(`"${word}" is one argument too many`),
): Parsed {
  const known = { ...globalOptions, ...options };
  const config = Object.fromEntries(
    Object.entries(known).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
  const parsed = parseArgs({ args: [...argv], options: config, strict: false, tokens: true });
  const values: Record<string, string | boolean> = {};
  for (const token of parsed.tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, Object.keys(known));
    values[token.name] = judged(token.rawName, option, token.value);
  }
  if (values.help !== true) checkCount(parsed.positionals, positionals, extra);
  return { values, positionals: parsed.positionals };
}

function judged(rawName: string, option: Option, value: string | undefined): string | boolean {
  if (option.type === 'boolean') {
    if (value === undefined) return true;
    throw new UsageError(`${rawName} takes no value`);
  }
  // A value that looks like an option is far more often a forgotten one.
  if (value !== undefined && value !== '' && !value.startsWith('-')) return value;
  throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value ?? '<value>'}`);
}

function unknownOption(rawName: string, names: readonly string[]): UsageError {
  const meant = rawName.startsWith('--') ? nearest(rawName, names) : undefined;
  return new UsageError(
    `there is no option ${rawName}`,
    meant === undefined ? undefined : `did you mean --${meant}?`,
  );
}

/** A name that ends in an ellipsis stands for any number of arguments, none included. */
export const isRepeated = (name: string): boolean => name.endsWith('…');

function checkCount(
  given: readonly string[],
  wanted: readonly string[],
  extra: (word: string) => UsageError,
): void {
  if (wanted.some(isRepeated)) return;
  const missing = wanted[given.length];
  if (missing !== undefined) throw new UsageError(`<${missing}> is missing`);
  const surplus = given[wanted.length];
  if (surplus !== undefined) throw extra(surplus);
}

import { findCommand, type Parsed, parse, tooMuch, unknownCommand } from './arguments.ts';
import type { Command, Run } from './command.ts';
import { commands } from './commands.ts';
import { exitCodes, UsageError } from './exit.ts';
import { reportFault } from './faults.ts';
import { commandHelp, helpAsJson, mainHelp } from './help.ts';
import type { CliPorts } from './ports.ts';
import { paletteFor, widthOf } from './terminal.ts';

/** Runs one command line to its end and resolves to the exit code. */
export async function runCli(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  ports: CliPorts,
): Promise<number> {
  // Asked for before anything is parsed, so that a fault of the parsing is told in the wanted form too.
  const json = argv.includes('--json');
  try {
    return await dispatch(argv, env, ports, json);
  } catch (error) {
    return reportFault(error, { json, ports, env, argv });
  }
}

async function dispatch(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  ports: CliPorts,
  json: boolean,
): Promise<number> {
  const asksHelp = argv.find((word) => !word.startsWith('-')) === 'help';
  const words = asksHelp ? withoutFirst(argv, 'help') : argv;
  const { command, word, rest } = findCommand(words, commands);
  if (command === undefined && word !== undefined) throw unknownCommand(word, commands);
  const line = asksHelp ? [...rest, '--help'] : rest;
  const parsed = parse(line, command?.options, command?.positionals, (extra) => {
    return command === undefined ? unknownCommand(extra, commands) : tooMuch(command, extra, commands);
  });
  const run = createRun(parsed, env, ports, json);
  if (parsed.values.version === true) {
    if (json) run.printJson({ version: ports.version });
    else run.print(ports.version);
    return exitCodes.done;
  }
  if (parsed.values.help === true) return showHelp(command, run);
  if (command === undefined) {
    if (json) throw new UsageError('a command is missing');
    run.notes.write(mainHelp(commands, paletteFor(ports.stderr, env), widthOf(ports.stderr)));
    return exitCodes.usage;
  }
  return command.run(run);
}

const withoutFirst = (argv: readonly string[], word: string): string[] => {
  const at = argv.indexOf(word);
  return argv.filter((_, index) => index !== at);
};

function showHelp(command: Command | undefined, run: Run): number {
  if (run.json) {
    const family =
      command === undefined ? commands : commands.filter(({ name }) => belongs(name, command.name));
    run.printJson(helpAsJson(family));
  } else if (command === undefined) run.print(mainHelp(commands, run.paint, run.width).trimEnd());
  else run.print(commandHelp(command, commands, run.paint, run.width).trimEnd());
  return exitCodes.done;
}

const belongs = (name: string, family: string): boolean => name === family || name.startsWith(`${family} `);

function createRun(
  { values, positionals }: Parsed,
  env: NodeJS.ProcessEnv,
  ports: CliPorts,
  json: boolean,
): Run {
  const print = (text: string) => ports.stdout.write(`${text}\n`);
  return {
    values,
    positionals,
    env,
    ports,
    json,
    print,
    printJson: (value) => print(JSON.stringify(value)),
    notes: ports.stderr,
    paint: paletteFor(ports.stdout, env),
    width: widthOf(ports.stdout),
  };
}

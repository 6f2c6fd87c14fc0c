import { commonOptions, globalOptions, isRepeated } from './arguments.ts';
import type { Command, Option } from './command.ts';
import type { Palette } from './terminal.ts';
import { definitions, wrap } from './text.ts';

const program = 'chronoscope';

const optionName = (name: string, { short, value }: Option): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

const optionLines = (options: Readonly<Record<string, Option>>, width: number): string[] =>
  definitions(
    Object.entries(options).map(([name, option]) => [optionName(name, option), option.help] as const),
    width,
  );

/** A family is listed as one line: its parts have a help of their own. */
const listed = (commands: readonly Command[]): Command[] =>
  commands.filter(({ name }) => !name.includes(' '));

export function mainHelp(commands: readonly Command[], paint: Palette, width: number): string {
  return [
    `${paint.bold(program)}  an observability engine for bots and the services around them`,
    '',
    `${paint.bold('Usage')}  ${program} <command> [options]`,
    '',
    paint.bold('Commands'),
    ...definitions(
      listed(commands).map(({ name, summary }) => [name, summary] as const),
      width,
    ),
    '',
    paint.bold('Options'),
    ...optionLines(globalOptions, width),
    '',
    ...wrap(
      `Settings come from CHRONOSCOPE_ variables. ${program} <command> --help tells more of a command; ${program} doctor says what is wrong with this machine.`,
      width,
    ),
    '',
  ].join('\n');
}

export function commandHelp(
  command: Command,
  commands: readonly Command[],
  paint: Palette,
  width: number,
): string {
  const positionals = (command.positionals ?? [])
    .map((name) => (isRepeated(name) ? ` [${name}]` : ` <${name}>`))
    .join('');
  const parts = commands.filter(({ name }) => name.startsWith(`${command.name} `));
  const own = Object.keys(command.options).length > 0 ? ' [options]' : '';
  const lines = [`${paint.bold('Usage')}  ${program} ${command.name}${positionals}${own}`, ''];
  lines.push(...wrap(command.summary, width));
  for (const paragraph of command.details ?? []) lines.push('', ...wrap(paragraph, width));
  if (parts.length > 0) {
    lines.push('', paint.bold('Commands'));
    lines.push(
      ...definitions(
        parts.map(({ name, summary }) => [name, summary] as const),
        width,
      ),
    );
  }
  lines.push('', paint.bold('Options'), ...optionLines({ ...command.options, ...commonOptions }, width));
  if (command.examples.length > 0) {
    lines.push('', paint.bold('Examples'), ...command.examples.map((example) => `  ${example}`));
  }
  return `${lines.join('\n')}\n`;
}

/** The same for programs. */
export const helpAsJson = (commands: readonly Command[]) => ({
  commands: commands.map(({ name, summary, positionals = [], options, examples }) => ({
    name,
    summary,
    arguments: positionals,
    options: Object.entries({ ...options, ...commonOptions }).map(
      ([option, { type, short, value, help }]) => ({
        name: `--${option}`,
        ...(short && { short: `-${short}` }),
        type,
        ...(value && { value }),
        help,
      }),
    ),
    examples,
  })),
});

import type { CliPorts, Stream } from './ports.ts';
import type { Palette } from './terminal.ts';

export interface Option {
  type: 'string' | 'boolean';
  short?: string;
  /** How the value is called in the help: `--port <number>`. */
  value?: string;
  help: string;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** What a command is given: its arguments, and the world. */
export interface Run {
  values: Values;
  positionals: readonly string[];
  env: NodeJS.ProcessEnv;
  ports: CliPorts;
  json: boolean;
  print: (text: string) => void;
  printJson: (value: unknown) => void;
  /** Progress, notes and faults: what is not the answer itself. */
  notes: Stream;
  paint: Palette;
  width: number;
}

export interface Command {
  /** One word, or two for a part of a family such as `keys create`. */
  name: string;
  summary: string;
  details?: readonly string[];
  /** A name for each positional argument; all are required but one that ends in `…`. */
  positionals?: readonly string[];
  options: Readonly<Record<string, Option>>;
  examples: readonly string[];
  run(run: Run): Promise<number>;
}

/** An option's text, or undefined when it was not given. */
export const textOf = (values: Values, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

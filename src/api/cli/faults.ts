import { ChronoscopeError } from '../../domain/errors.ts';
import { everyFault } from './everyFault.ts';
import { CommandError, ConfigFaults, exitCodes, UsageError } from './exit.ts';
import type { CliPorts } from './ports.ts';
import { paletteFor } from './terminal.ts';

interface Told {
  code: string;
  message: string;
  hint?: string | undefined;
  exit: number;
}

/** Says what went wrong, to a reader or to a program, and gives the exit code. */
export function reportFault(
  error: unknown,
  {
    json,
    ports,
    env,
    argv,
  }: { json: boolean; ports: CliPorts; env: NodeJS.ProcessEnv; argv: readonly string[] },
): number {
  const told = tell(error, argv);
  const faults = error instanceof ConfigFaults ? error.faults : undefined;
  if (json) {
    const { code, message, hint } = told;
    ports.stdout.write(
      `${JSON.stringify({ error: { code, message, ...(hint && { hint }), ...(faults && { faults }) } })}\n`,
    );
    return told.exit;
  }
  const paint = paletteFor(ports.stderr, env);
  // A line for each fault of the configuration, and no other: supervisors show the last lines only.
  for (const line of faults ?? [told.message]) ports.stderr.write(`${paint.red('chronoscope:')} ${line}\n`);
  if (told.hint !== undefined) ports.stderr.write(`${told.hint}\n`);
  return told.exit;
}

function tell(error: unknown, argv: readonly string[]): Told {
  if (error instanceof UsageError) {
    const command = argv.find((word) => /^[a-z]/.test(word));
    const seeHelp = `See chronoscope ${command === undefined || error.hint !== undefined ? '' : `${command} `}--help.`;
    const hint = error.hint === undefined ? seeHelp : `${capital(error.hint)} ${seeHelp}`;
    return { code: 'usage', message: error.message, hint, exit: exitCodes.usage };
  }
  if (error instanceof ConfigFaults)
    return { code: 'config', message: error.message, exit: exitCodes.config };
  if (error instanceof CommandError) {
    return { code: error.code, message: error.message, hint: error.hint, exit: exitCodes.failed };
  }
  if (error instanceof ChronoscopeError) {
    const message = everyFault(error.message, error.details);
    return { code: error.code, message, exit: exitCodes.failed };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'failed', message, exit: exitCodes.failed };
}

const capital = (text: string): string => {
  const ended = /[.?!]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
};

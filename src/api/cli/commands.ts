import { backtestCommand } from './backtest/command.ts';
import type { Command } from './command.ts';
import { demoCommand } from './demo/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { jobCommands } from './jobs.ts';
import { keyCommands } from './keys.ts';
import { migrateCommand } from './migrate.ts';
import { serveCommand } from './serve.ts';

/** Every command, in the order of the help. A new one is a value here and nothing else. */
export const commands: readonly Command[] = [
  serveCommand,
  demoCommand,
  backtestCommand,
  ...jobCommands,
  ...keyCommands,
  migrateCommand,
  doctorCommand,
];

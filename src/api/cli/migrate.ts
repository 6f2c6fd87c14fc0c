import { type Moved, MoveError, type MoveProgress } from '../../projections/moving.ts';
import { configure, dataOption, withOptions } from './access.ts';
import { type Command, type Run, textOf } from './command.ts';
import { CommandError, exitCodes, UsageError } from './exit.ts';
import { createLogger } from './logger.ts';
import { createProgress, type Progress } from './progress.ts';
import { duration, plural } from './text.ts';

const labels: Readonly<Record<MoveProgress['phase'], string>> = {
  comparing: 'comparing what is there already',
  copying: 'copying',
  verifying: 'verifying',
};

const addressPattern = /^(?:lmdb:.*|(?:esdb|kurrent|kurrentdb)(?:\+discover)?:\/\/\S+)$/;

/** A password has no place among the arguments of a process, so that the variable may name the server. */
function addressesOf({ values }: Run, configured: string): { from: string; to: string } {
  const from = textOf(values, 'from') ?? 'lmdb:';
  const to = textOf(values, 'to') ?? configured;
  for (const [name, address] of [
    ['from', from],
    ['to', to],
  ])
    if (!addressPattern.test(address ?? ''))
      throw new UsageError(
        `--${name}: this is no address of a log`,
        'allowed are lmdb:, lmdb:<data folder>, esdb://… and kurrentdb://…',
      );
  if (from === to) throw new UsageError('--from and --to are the same log', 'name two different ones');
  return { from, to };
}

async function migrate(run: Run): Promise<number> {
  const configured = configure(run, withOptions(run));
  const addresses = addressesOf(run, configured.settings.log);
  const logger = createLogger(configured.settings.logLevel, run.notes, run.env);
  const progress = createProgress(run.notes);
  const interrupted = new AbortController();
  const interrupt = () =>
    interrupted.abort(new CommandError('interrupted', 'interrupted; begin it again to go on from here'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const startedAt = performance.now();
  try {
    const moved = await configured.moveLog({
      ...addresses,
      logger,
      signal: interrupted.signal,
      onProgress: (state) => shown(progress, state),
    });
    tell(run, moved, performance.now() - startedAt);
    return exitCodes.done;
  } catch (error) {
    if (error instanceof MoveError) throw new CommandError('not_moved', error.message);
    throw error;
  } finally {
    progress.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

const shown = (progress: Progress, { phase, events, total }: MoveProgress & { total: number }) =>
  progress.update({ label: labels[phase], done: events, total, unit: 'events' });

function tell(run: Run, { events, present, checksum }: Moved, tookMs: number): void {
  if (run.json) {
    run.printJson({ events, present, checksum, tookMs: Math.round(tookMs) });
    return;
  }
  const before = present === 0 ? '' : `, ${plural(present, 'event')} of which had been moved before`;
  run.print(`Moved ${plural(events, 'event')} in ${duration(tookMs)}${before}.`);
  run.print(`Both logs have the checksum ${checksum}.`);
}

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'move the log to another store, and compare the two',
  details: [
    'Every event keeps its id, its stream, its times and its place. What was interrupted goes on when it is begun again. The engine on either log must be stopped; read models are built anew from the log that it is started on next.',
    'Without --to the log that CHRONOSCOPE_LOG (or CHRONOSCOPE_LOG_FILE) names is taken, so that a password need not stand among the arguments.',
  ],
  options: {
    from: {
      type: 'string',
      value: '<log>',
      help: 'lmdb: (the default), lmdb:<data folder>, esdb://… or kurrentdb://…',
    },
    to: { type: 'string', value: '<log>', help: 'likewise' },
    ...dataOption,
  },
  examples: [
    'chronoscope migrate --from lmdb: --to esdb://localhost:2113?tls=false',
    'chronoscope migrate --from kurrentdb://… --to lmdb:/var/lib/chronoscope',
  ],
  run: migrate,
};

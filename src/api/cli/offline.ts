import type { EventLog } from '../../projections/ports.ts';
import { RebuildBusyError, rebuild, verify } from '../../projections/rebuild.ts';
import type { Runner, Tracked } from '../../projections/runner.ts';
import { type BacktestDeps, prepareBacktest } from '../backtests.ts';
import type { Keyring } from '../keyring.ts';
import { CommandError, UsageError } from './exit.ts';
import type { EngineAccess, JobOptions } from './ports.ts';

const catchUpMs = 600_000;

export interface OpenedFolder {
  where: string;
  runner: Runner;
  log: Pick<EventLog, 'stats' | 'head'>;
  keyring: Pick<Keyring, 'list' | 'issue' | 'revoke'>;
  backtests: BacktestDeps;
  close(): Promise<void>;
}

/** The engine's work without its doors, on a folder that this process has opened. */
export function offlineEngine({ where, runner, log, keyring, backtests, close }: OpenedFolder): EngineAccess {
  const deps = ({ onProgress, signal }: JobOptions) => ({
    runner,
    log,
    onProgress,
    ...(signal && { signal }),
  });

  /** An engine that was killed left events behind that no read model has seen yet. */
  async function catchUp(): Promise<void> {
    runner.start();
    const head = await log.head();
    if (head === undefined || runner.outdated().length > 0) return;
    if (await runner.reached(head, catchUpMs)) return;
    throw new CommandError(
      'behind',
      'the read models do not catch up with the log',
      'Start the engine and look at its log.',
    );
  }

  async function each<T>(options: JobOptions, work: (tracked: Tracked) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    await catchUp();
    for (const tracked of chosen(runner, options.projections)) {
      options.signal?.throwIfAborted();
      results.push(await work(tracked));
    }
    return results;
  }

  return {
    where,
    listKeys: async () => keyring.list(),
    issueKey: (wanted) => keyring.issue(wanted),
    revokeKey: (keyId) => keyring.revoke(keyId),
    verify: (options) => each(options, (tracked) => verify(deps(options), tracked).catch(explain)),
    rebuild: (options) =>
      each(options, async (tracked) => {
        await rebuild(deps(options), tracked).catch(explain);
        return tracked.projection.name;
      }),
    backtest: async (wanted, options) =>
      prepareBacktest(backtests, wanted, wanted.project ?? 'default')(options),
    close,
  };
}

function chosen(runner: Runner, names: readonly string[]): readonly Tracked[] {
  const all = runner.tracked;
  const known = all.map(({ projection }) => projection.name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new UsageError(`there is no projection "${stranger}"`, `the projections are ${known.join(', ')}`);
  }
  return names.length === 0 ? all : all.filter(({ projection }) => names.includes(projection.name));
}

function explain(error: unknown): never {
  if (error instanceof RebuildBusyError) throw new CommandError('busy', error.message);
  throw error;
}

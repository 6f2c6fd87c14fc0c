import type { EventLog } from '../../projections/ports.ts';
import { RebuildBusyError, type RebuildDeps, rebuild, verify } from '../../projections/rebuild.ts';
import type { Runner, Tracked } from '../../projections/runner.ts';
import { type BacktestDeps, prepareBacktest } from '../backtests.ts';
import type { Keyring } from '../keyring.ts';
import { CommandError, UsageError } from './exit.ts';
import type { EngineAccess, JobOptions } from './ports.ts';

const catchUpMs = 600_000;
const notHere = 'with read models on a server, this is asked of the process that builds them';
const notHereHint =
  'Name it with --url, and an admin key with --key. Where several build them by lanes, docs/upgrading.md says what to do.';

export interface OpenedFolder {
  where: string;
  /** Undefined where read models are built elsewhere. */
  runner: Runner | undefined;
  log: Pick<EventLog, 'stats' | 'head'>;
  keyring: Pick<Keyring, 'list' | 'issue' | 'revoke'>;
  backtests: BacktestDeps;
  close(): Promise<void>;
}

/** The engine's work without its doors, on a folder that this process has opened. */
export function offlineEngine({
  where,
  log,
  keyring,
  backtests,
  close,
  ...opened
}: OpenedFolder): EngineAccess {
  const deps = (runner: Runner, { onProgress, signal }: JobOptions) => ({
    runner,
    log,
    onProgress,
    ...(signal && { signal }),
  });

  /** An engine that was killed left events behind that no read model has seen yet. */
  async function catchUp(runner: Runner): Promise<void> {
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

  async function each<T>(
    options: JobOptions,
    work: (deps: RebuildDeps, tracked: Tracked) => Promise<T>,
  ): Promise<T[]> {
    const { runner } = opened;
    if (runner === undefined) throw new CommandError('not_here', notHere, notHereHint);
    const results: T[] = [];
    await catchUp(runner);
    for (const tracked of chosen(runner, options.projections)) {
      options.signal?.throwIfAborted();
      results.push(await work(deps(runner, options), tracked).catch(explain));
    }
    return results;
  }

  return {
    where,
    listKeys: async () => keyring.list(),
    issueKey: (wanted) => keyring.issue(wanted),
    revokeKey: (keyId) => keyring.revoke(keyId),
    verify: (options) => each(options, verify),
    rebuild: (options) =>
      each(options, async (deps, tracked) => {
        await rebuild(deps, tracked);
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

import type { EventLog } from '../../projections/ports.ts';
import { RebuildBusyError, rebuild, verify } from '../../projections/rebuild.ts';
import type { Runner, Tracked } from '../../projections/runner.ts';
import type { Keyring } from '../keyring.ts';
import { CommandError, UsageError } from './exit.ts';
import type { EngineAccess, JobOptions } from './ports.ts';

export interface OpenedFolder {
  where: string;
  runner: Runner;
  log: Pick<EventLog, 'stats'>;
  keyring: Pick<Keyring, 'list' | 'issue' | 'revoke'>;
  close(): Promise<void>;
}

/** The engine's work without its doors, on a folder that this process has opened. */
export function offlineEngine({ where, runner, log, keyring, close }: OpenedFolder): EngineAccess {
  const deps = ({ onProgress, signal }: JobOptions) => ({
    runner,
    log,
    onProgress,
    ...(signal && { signal }),
  });

  async function each<T>(options: JobOptions, work: (tracked: Tracked) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
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

import type { Verification } from '../../projections/rebuild.ts';
import { accessDetails, accessOptions, openEngine } from './access.ts';
import type { Command, Run } from './command.ts';
import { exitCodes } from './exit.ts';
import type { EngineAccess, JobOptions } from './ports.ts';
import { createProgress } from './progress.ts';
import { count, duration, plural } from './text.ts';

/** Runs long work on the engine with its progress on the terminal; an interrupt ends it in good order. */
async function follow<T>(
  run: Run,
  verb: string,
  work: (engine: EngineAccess, options: JobOptions) => Promise<T>,
): Promise<{ result: T; tookMs: number }> {
  const engine = await openEngine(run);
  const progress = createProgress(run.notes);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new Error(`${verb} was interrupted`));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const startedAt = performance.now();
  try {
    const result = await work(engine, {
      projections: run.positionals,
      signal: interrupted.signal,
      onProgress: ({ projection, phase, eventsRead, eventsTotal }) => {
        if (phase === 'done') return;
        const label = phase === 'reading' ? `${verb} ${projection}` : `${verb} ${projection}: ${phase}`;
        progress.update({ label, done: eventsRead, total: eventsTotal, unit: 'events' });
      },
    });
    return { result, tookMs: performance.now() - startedAt };
  } finally {
    progress.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await engine.close();
  }
}

async function verify(run: Run): Promise<number> {
  const { result, tookMs } = await follow(run, 'verifying', (engine, options) => engine.verify(options));
  const differing = result.filter(({ differences }) => differences.length > 0);
  const code = differing.length > 0 ? exitCodes.failed : exitCodes.done;
  if (run.json) {
    run.printJson({ identical: differing.length === 0, tookMs: Math.round(tookMs), projections: result });
    return code;
  }
  for (const verification of result) run.print(verdictLine(run, verification));
  const rows = result.reduce((sum, each) => sum + each.rows, 0);
  run.print(
    differing.length === 0
      ? `\nThe read models hold what the log says: ${plural(result.length, 'projection')}, ${plural(rows, 'row')}, ${duration(tookMs)}.`
      : `\n${plural(differing.length, 'projection')} of ${result.length} differ from the log. Repair with: chronoscope rebuild ${differing.map((each) => each.projection).join(' ')}`,
  );
  return code;
}

function verdictLine({ paint }: Run, { projection, rows, differences }: Verification): string {
  if (differences.length === 0) return `${paint.green('✓')} ${projection.padEnd(14)} ${plural(rows, 'row')}`;
  const said = differences.map(
    ({ table, day, present, expected }) =>
      `    ${table}, ${day}: ${present === undefined ? 'nothing' : plural(present.rows, 'row')}, expected ${expected === undefined ? 'nothing' : plural(expected.rows, 'row')}${present?.rows === expected?.rows ? ' with other contents' : ''}`,
  );
  return [
    `${paint.red('✗')} ${projection.padEnd(14)} ${plural(differences.length, 'day')} differ`,
    ...said,
  ].join('\n');
}

async function rebuild(run: Run): Promise<number> {
  const { result, tookMs } = await follow(run, 'rebuilding', (engine, options) => engine.rebuild(options));
  if (run.json) run.printJson({ rebuilt: result, tookMs: Math.round(tookMs) });
  else
    run.print(`Rebuilt from the log in ${duration(tookMs)}: ${result.join(', ')} (${count(result.length)}).`);
  return exitCodes.done;
}

export const jobCommands: readonly Command[] = [
  {
    name: 'verify',
    summary: 'recompute the read models from the log and compare checksums',
    details: [
      'Ends with 1 when a difference is found, and names the table and the day. Nothing is changed.',
      accessDetails,
    ],
    positionals: ['projection…'],
    options: accessOptions,
    examples: ['chronoscope verify', 'chronoscope verify requests logs --json'],
    run: verify,
  },
  {
    name: 'rebuild',
    summary: 'build the read models anew from the log, beside the present ones',
    details: [
      'Readers see the present tables until the new ones have caught up; then they are swapped in one step.',
      accessDetails,
    ],
    positionals: ['projection…'],
    options: accessOptions,
    examples: ['chronoscope rebuild', 'chronoscope rebuild requests'],
    run: rebuild,
  },
];

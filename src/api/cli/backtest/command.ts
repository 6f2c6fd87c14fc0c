import type { BacktestResult } from '../../../domain/alerts/backtest/result.ts';
import type { BacktestBody } from '../../backtests.ts';
import { shownTimes } from '../../backtestTimes.ts';
import type { BacktestFound } from '../../ports.ts';
import { accessDetails, accessOptions, openEngine } from '../access.ts';
import { type Command, type Run, textOf } from '../command.ts';
import { CommandError, exitCodes, UsageError } from '../exit.ts';
import type { EngineAccess } from '../ports.ts';
import { createProgress } from '../progress.ts';
import { plural } from '../text.ts';
import { askedFor } from './asked.ts';
import { checkFixture, keeping, writeFixture } from './fixture.ts';
import { report } from './report.ts';

/** Runs one on the engine with its progress on the terminal; an interrupt ends it in good order. */
async function tried(run: Run, engine: EngineAccess, asked: BacktestBody): Promise<BacktestFound> {
  const progress = createProgress(run.notes);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new CommandError('interrupted', 'the back-test was interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await engine.backtest(asked, {
      signal: interrupted.signal,
      onProgress({ pass, passes, eventsRead, eventsTotal }) {
        const label = pass < passes ? 'looking for late events' : 'back-testing';
        progress.update({ label, done: eventsRead, total: eventsTotal, unit: 'events' });
      },
    });
  } finally {
    progress.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function backtest(run: Run): Promise<number> {
  const fixture = textOf(run.values, 'fixture');
  if (fixture !== undefined) return await checkFixture(run, fixture);
  const episode = textOf(run.values, 'keep');
  const out = textOf(run.values, 'out');
  if (episode === undefined && out !== undefined)
    throw new UsageError('--out says where to, but not what', 'name an alert with --keep');
  const asked = await askedFor(run);
  const engine = await openEngine(run);
  try {
    const startedAt = performance.now();
    const { result } = await tried(run, engine, asked);
    const tookMs = performance.now() - startedAt;
    if (episode !== undefined) return await keep(run, engine, { asked, result, episode, out });
    if (run.json) run.printJson({ tookMs: Math.round(tookMs), ...shownTimes(result) });
    else run.print(report(run, result, { ...namesOf(run), tookMs }));
    return exitCodes.done;
  } finally {
    await engine.close();
  }
}

function namesOf({ values }: Run): { rules: string; comparedWith: string } {
  const compare = textOf(values, 'compare');
  return {
    rules: textOf(values, 'rules') ?? 'the rules in force',
    comparedWith: compare === undefined || compare === 'current' ? 'the rules in force' : compare,
  };
}

interface Kept {
  asked: BacktestBody;
  result: BacktestResult;
  episode: string;
  out: string | undefined;
}

async function keep(run: Run, engine: EngineAccess, { asked, result, episode, out }: Kept): Promise<number> {
  const found = result.episodes.find(({ id }) => id === episode);
  if (found === undefined)
    throw new CommandError(
      'no_episode',
      `there is no alert ${episode} in this stretch`,
      'The back-test lists them with their ids; a longer --window may have it.',
    );
  const file = out ?? `${episode}.json.gz`;
  const { fixture, result: kept } = await tried(
    run,
    engine,
    keeping(asked, found, { to: result.to, out: file }),
  );
  if (fixture === undefined) throw new Error('the engine kept no fixture');
  await writeFixture(file, fixture);
  const has = kept.episodes.some(({ id }) => id === episode);
  const transitions = kept.transitions.length;
  if (run.json) run.printJson({ file, episode, transitions, has });
  else {
    run.print(
      `Kept as ${file}: ${plural(transitions, 'transition')}. Check it with: chronoscope backtest --fixture ${file}`,
    );
    if (!has)
      run.notes.write(
        'Begun afresh ten minutes before, the alert takes another course; it is kept as it is then.\n',
      );
  }
  return exitCodes.done;
}

export const backtestCommand: Command = {
  name: 'backtest',
  summary: 'try alert rules on the past: what would have fired, and who would have been told',
  details: [
    'Nothing is sent and nothing recorded. Without --rules the rules in force are tried; without a stretch, the last day.',
    'With --fixture no engine is needed; it ends with 1 when the transitions differ from those that were kept.',
    accessDetails,
  ],
  options: {
    rules: { type: 'string', value: '<file>', help: 'the rules to try; default those in force' },
    from: { type: 'string', value: '<time>', help: 'begin of the stretch: 2026-01-31T12:00:00Z' },
    to: { type: 'string', value: '<time>', help: 'end of the stretch; default now' },
    window: { type: 'string', short: 'w', value: '<length>', help: 'its length: 6h, 7d; default 1d' },
    mode: {
      type: 'string',
      short: 'm',
      value: '<mode>',
      help: 'as_arrived: late events are late (default); as_known: each in its place',
    },
    compare: {
      type: 'string',
      value: '<file>',
      help: "'current' or a file: other rules over the same events",
    },
    rule: { type: 'string', value: '<names>', help: 'only these, with commas between them' },
    grid: {
      type: 'string',
      value: '<values>',
      help: "the --rule with every threshold and duration: 'thresholds=5%,10% for=0s,1m'",
    },
    keep: { type: 'string', value: '<alert>', help: 'keep the stretch around one alert as a fixture' },
    out: { type: 'string', short: 'o', value: '<file>', help: 'where to; .json or .json.gz' },
    fixture: { type: 'string', value: '<file>', help: 'replay a fixture, and compare' },
    project: { type: 'string', value: '<name>', help: "default 'default'" },
    ...accessOptions,
  },
  examples: [
    'chronoscope backtest --window 7d',
    'chronoscope backtest --rules new.yaml --compare current --window 7d',
    "chronoscope backtest --rule error-rate --grid 'thresholds=5%,10% for=0s,1m'",
    'chronoscope backtest --fixture incident.json.gz --rules new.yaml',
  ],
  run: backtest,
};

import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Fixture, parseFixture, replayFixture } from '../../../domain/alerts/backtest/fixture.ts';
import type { BacktestEpisode, BacktestTransition } from '../../../domain/alerts/backtest/result.ts';
import { faultText } from '../../../domain/alerts/rules/faults.ts';
import type { BacktestBody } from '../../backtests.ts';
import { shownTimes } from '../../backtestTimes.ts';
import { type Run, textOf } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { count, plural } from '../text.ts';
import { textOfFile, unreadable } from './asked.ts';
import { labelsOf, momentOf } from './words.ts';

/** What lies around a kept episode: before it, the alert has to be at rest. */
const aroundMs = 600_000;

/** The same back-test of one episode alone. */
export function keeping(
  asked: BacktestBody,
  { rule, startedAt, resolvedAt }: BacktestEpisode,
  { to, out }: { to: number; out: string },
): BacktestBody {
  const { window: _window, grid: _grid, compareWith: _compareWith, ...rest } = asked;
  const end = Math.min(to, (resolvedAt ?? to) + aroundMs);
  const name = basename(out).replace(/(\.fixture)?\.json(\.gz)?$/, '');
  return {
    ...rest,
    only: [rule],
    from: String(startedAt - aroundMs),
    to: String(Math.floor(end)),
    keep: name,
  };
}

export async function writeFixture(out: string, bytes: Uint8Array): Promise<void> {
  const written = out.endsWith('.gz') ? bytes : gunzipSync(bytes);
  await writeFile(out, written).catch((error: Error) => {
    throw new CommandError('not_written', `${out} cannot be written: ${error.message}`);
  });
}

async function readFixture(path: string): Promise<Fixture> {
  const bytes = await readFile(path).catch(unreadable(path));
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const fixture = parseFixture((isGzip ? gunzipSync(bytes) : bytes).toString('utf8'));
  if (fixture !== undefined) return fixture;
  const hint = 'Make one with chronoscope backtest --keep <episode> --out <file>.';
  throw new CommandError('no_fixture', `${path} is no fixture that this version can read`, hint);
}

/** Replays a fixture, which needs no engine. */
export async function checkFixture(run: Run, path: string): Promise<number> {
  const fixture = await readFixture(path);
  const rulesFile = textOf(run.values, 'rules');
  const replayed = replayFixture(fixture, rulesFile === undefined ? undefined : await textOfFile(rulesFile));
  if (replayed.kind === 'refused') {
    throw new CommandError('CHR_INVALID_RULES', replayed.faults.map(faultText).join('\n'));
  }
  const { result, difference } = replayed;
  const code = difference === undefined ? exitCodes.done : exitCodes.failed;
  if (run.json) {
    const { name, transitions } = fixture;
    run.printJson({
      name,
      same: difference === undefined,
      expected: transitions.length,
      found: result.transitions.length,
      ...(difference && { difference: shownTimes(difference) }),
    });
    return code;
  }
  const { paint } = run;
  if (difference === undefined) {
    run.print(
      `${paint.green('✓')} ${fixture.name}: ${plural(fixture.transitions.length, 'transition')} from ${plural(fixture.events.length, 'event')}, all the same`,
    );
    return code;
  }
  run.print(
    [
      `${paint.red('✗')} ${fixture.name}: the first difference is transition ${count(difference.index + 1)} of ${count(fixture.transitions.length)}`,
      `  expected  ${transitionText(difference.expected)}`,
      `  found     ${transitionText(difference.found)}`,
    ].join('\n'),
  );
  return code;
}

function transitionText(transition: BacktestTransition | undefined): string {
  if (transition === undefined) return 'nothing more';
  const { at, type, rule, severity, value, cause } = transition;
  const rest = [severity, value === undefined ? undefined : `value ${value}`, cause]
    .filter(Boolean)
    .join(', ');
  return `${momentOf(at)}  ${type} ${rule} ${labelsOf(transition)}${rest === '' ? '' : ` (${rest})`}`;
}

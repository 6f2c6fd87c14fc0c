import { readFile } from 'node:fs/promises';
import { backtestModes } from '../../../domain/alerts/backtest/result.ts';
import { severities } from '../../../domain/alerts/rule.ts';
import { nearest } from '../../../domain/nearest.ts';
import { parseDuration } from '../../../domain/units.ts';
import type { BacktestBody } from '../../backtests.ts';
import { type Run, textOf } from '../command.ts';
import { CommandError, UsageError } from '../exit.ts';

/** What the command line asks for, in the words of the API. */
export async function askedFor(run: Run): Promise<BacktestBody> {
  const given = (name: string) => textOf(run.values, name);
  const only = namesOf(given('rule'));
  const compare = given('compare');
  const grid = given('grid');
  const rulesFile = given('rules');
  const asked = {
    project: given('project'),
    from: given('from'),
    to: given('to'),
    window: given('window'),
    mode: modeOf(given('mode')),
    rules: rulesFile === undefined ? undefined : await textOfFile(rulesFile),
    compareWith: compare === undefined || compare === 'current' ? compare : await textOfFile(compare),
    only: only.length === 0 ? undefined : only,
    grid: grid === undefined ? undefined : gridOf(grid, only),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

const namesOf = (text = ''): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function modeOf(text: string | undefined): BacktestBody['mode'] {
  if (text === undefined) return undefined;
  const known = backtestModes.find((mode) => mode === text.replaceAll('-', '_'));
  if (known === undefined)
    throw new UsageError(`there is no mode "${text}"`, `the modes are ${backtestModes.join(' and ')}`);
  return known;
}

export const textOfFile = (path: string): Promise<string> => readFile(path, 'utf8').catch(unreadable(path));

export const unreadable =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new CommandError('no_file', `${path} cannot be read: ${why}`);
  };

const gridHint = "write for example --grid 'thresholds=5%,10% for=0s,1m'";
const gridParts = ['thresholds', 'for', 'severity'];

/** `thresholds=5%,10% for=0s,1m`, and `severity=critical` where a rule has several levels. */
function gridOf(text: string, [rule, ...others]: readonly string[]): BacktestBody['grid'] {
  if (rule === undefined || others.length > 0)
    throw new UsageError('a grid is about one rule', 'name it with --rule');
  const parts = new Map<string, string>();
  for (const part of text.split(/\s+/).filter((each) => each !== '')) {
    const [name = '', value = ''] = part.split('=');
    if (!gridParts.includes(name)) {
      const meant = nearest(name, gridParts);
      throw new UsageError(
        `a grid has no "${name}"`,
        meant === undefined ? gridHint : `did you mean ${meant}?`,
      );
    }
    parts.set(name, value);
  }
  const severity = parts.get('severity');
  const level = severities.find((one) => one === severity);
  if (severity !== undefined && level === undefined)
    throw new UsageError(`there is no severity "${severity}"`, `they are ${severities.join(', ')}`);
  return {
    rule,
    ...(level !== undefined && { severity: level }),
    thresholds: listOf(parts.get('thresholds'), figureOf),
    forMs: listOf(parts.get('for') ?? '0s', durationOf),
  };
}

function listOf(text: string | undefined, read: (text: string) => number | undefined): number[] {
  const values = namesOf(text).map((one) => {
    const value = read(one);
    if (value === undefined || !Number.isFinite(value))
      throw new UsageError(`"${one}" is no figure of a grid`, gridHint);
    return value;
  });
  if (values.length === 0) throw new UsageError('a grid needs thresholds', gridHint);
  return values;
}

const durationOf = (text: string): number | undefined => (/^0[a-z]*$/.test(text) ? 0 : parseDuration(text));

/** `5%`, `2s` for what is measured in time, and plain numbers. */
function figureOf(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?%$/.test(text)) return Number((Number(text.slice(0, -1)) / 100).toPrecision(12));
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : durationOf(text);
}

import { z } from 'zod';
import type { BacktestAsked } from '../domain/alerts/backtest/backtest.ts';
import { type GridAsked, gridOf, mostCells } from '../domain/alerts/backtest/grid.ts';
import { backtestModes } from '../domain/alerts/backtest/result.ts';
import { onlyRules } from '../domain/alerts/backtest/select.ts';
import { type RuleSet, severities } from '../domain/alerts/rule.ts';
import { readRules } from '../domain/alerts/rules/read.ts';
import { ChronoscopeError } from '../domain/errors.ts';
import { nearest } from '../domain/nearest.ts';
import { isFault, readWindow } from '../domain/window.ts';
import type { EventLog } from '../projections/ports.ts';
import { type Backtester, type BacktestFound, type BacktestRun, BacktestTooLargeError } from './ports.ts';
import { type RulesInForce, refusedRules } from './rulesKeeper.ts';

/** Tries rules on the past: what is asked for is read and refused first, so that a job only begins that can be done. */

const mostRulesText = 1_000_000;
const name = z.string().min(1).max(200);
const time = z.string().max(64);

export const backtestBody = z.strictObject({
  project: name.optional().describe('Default: that of the key'),
  from: time.optional().describe('Begin of the stretch; RFC 3339 or epoch milliseconds'),
  to: time.optional().describe('End of the stretch, itself not included; default now'),
  window: z
    .string()
    .max(20)
    .optional()
    .describe('Length of the stretch, beside at most one of `from` and `to`; default 1d'),
  mode: z
    .enum(backtestModes)
    .optional()
    .describe(
      '`as_arrived` (default): late events come as late as they did. `as_known`: every event in the place where it happened',
    ),
  rules: z
    .string()
    .max(mostRulesText)
    .optional()
    .describe('A rules file as text, YAML or JSON; default the rules in force'),
  compareWith: z
    .string()
    .max(mostRulesText)
    .optional()
    .describe('`current` for the rules in force, or a rules file as text'),
  only: z.array(name).max(500).optional().describe('Names of rules; all when absent'),
  grid: z
    .strictObject({
      rule: name,
      severity: z.enum(severities).optional().describe('Whose level is varied; default the least'),
      thresholds: z.array(z.number()).min(1).max(mostCells),
      forMs: z.array(z.number().min(0)).min(1).max(mostCells),
    })
    .optional()
    .describe('One rule with every threshold and every duration'),
  keep: name.optional().describe('Keeps the stretch as a fixture of this name; see docs/backtesting.md'),
});

export type BacktestBody = z.infer<typeof backtestBody>;

export interface BacktestDeps {
  backtester: Backtester;
  current: () => Pick<RulesInForce, 'ruleSet' | 'text' | 'versions'>;
  /** Names of the channels that are configured. */
  channels: readonly string[];
  log: Pick<EventLog, 'stats'>;
  clock: () => number;
}

export type BacktestWork = (options: Parameters<Backtester['run']>[1]) => Promise<BacktestFound>;

const defaultWindow = '1d';
const mostFixtureBytes = 16_000_000;

/** Throws a refusal for what cannot be done; what is given back does it. */
export function prepareBacktest(deps: BacktestDeps, body: BacktestBody, project: string): BacktestWork {
  const rulesText = body.rules ?? deps.current().text;
  const rules = chosenRules(
    body.rules === undefined ? deps.current().ruleSet : read(deps, body.rules),
    body.only,
  );
  const compareWith = comparedWith(deps, body);
  if (body.grid !== undefined) checkGrid(body.grid, rules);
  const asked: BacktestAsked = {
    project,
    ...stretchOf(body, deps.clock()),
    mode: body.mode ?? 'as_arrived',
    rules,
    compareWith,
    grid: body.grid,
    channels: channelsFor(deps.channels, [rules, ...(compareWith === undefined ? [] : [compareWith.rules])]),
  };
  const keep = body.keep === undefined ? undefined : { name: body.keep, rulesText, only: body.only ?? [] };
  return async (options) => {
    const logBegins = await logBeginsAt(deps);
    const wanted: BacktestRun = { asked: { ...asked, logBegins }, keep };
    const found = await deps.backtester.run(wanted, options).catch(explain);
    if ((found.fixture?.length ?? 0) > mostFixtureBytes) throw tooLarge();
    return found;
  };
}

function stretchOf({ from, to, window }: BacktestBody, now: number): { from: number; to: number } {
  const length = window ?? (from === undefined || to === undefined ? defaultWindow : undefined);
  const openEnded = from !== undefined && to === undefined && window === undefined;
  const read = readWindow({ from, to, ...(openEnded ? {} : { window: length }) }, now);
  if (isFault(read)) throw refused(read.parameter, read.message);
  // What has yet to come cannot be replayed.
  const [begin, end] = [Math.floor(read.from), Math.min(Math.floor(read.to), now)];
  if (end <= begin) throw refused('from', '`from` must be in the past');
  return { from: begin, to: end };
}

/** Versions go on from the rules in force, so that a rule that is the same keeps its own. */
function read({ current }: BacktestDeps, text: string): RuleSet {
  const { ruleSet, versions } = current();
  const answer = readRules(text, { rules: ruleSet.rules, versions });
  if (answer.kind === 'refused') throw refusedRules(answer.faults);
  return answer.ruleSet;
}

function chosenRules(ruleSet: RuleSet, only: readonly string[] = []): RuleSet {
  const known = ruleSet.rules.map((rule) => rule.name);
  const stranger = only.find((one) => !known.includes(one));
  if (stranger !== undefined) throw unknownRule('only', stranger, known);
  return onlyRules(ruleSet, only);
}

/** Of the other rules, those of the same names: some of them may not be there. */
function comparedWith(
  deps: BacktestDeps,
  { compareWith, only = [] }: BacktestBody,
): BacktestAsked['compareWith'] {
  if (compareWith === undefined) return undefined;
  const isCurrent = compareWith === 'current';
  const rules = isCurrent ? deps.current().ruleSet : read(deps, compareWith);
  return { name: isCurrent ? 'current' : 'given', rules: onlyRules(rules, only) };
}

function checkGrid(grid: GridAsked, rules: RuleSet): void {
  const cells = grid.thresholds.length * grid.forMs.length;
  if (cells > mostCells)
    throw refused('grid', `a grid has at most ${mostCells} cells, and this one has ${cells}`);
  const rule = rules.rules.find((one) => one.name === grid.rule);
  if (rule === undefined) {
    const known = rules.rules.map((one) => one.name);
    throw unknownRule('grid.rule', grid.rule, known);
  }
  if (gridOf(grid, rules) !== undefined) return;
  const has = rule.levels.map(({ severity }) => severity).join(', ');
  throw refused('grid.severity', `${rule.name} has no level ${grid.severity}; it has ${has}`);
}

/** Without any, one that stands for whoever will be told. */
function channelsFor(configured: readonly string[], sets: readonly RuleSet[]): string[] {
  if (configured.length > 0) return [...configured];
  const named = sets.flatMap(({ policy }) =>
    policy.routes.flatMap(({ channels, escalate }) => [
      ...channels,
      ...escalate.flatMap((step) => step.channels),
    ]),
  );
  return named.length > 0 ? [...new Set(named)] : ['any'];
}

async function logBeginsAt({ log }: BacktestDeps): Promise<number | undefined> {
  const { firstRecordedAt, expiredBefore } = await log.stats();
  if (firstRecordedAt === undefined) return expiredBefore;
  return Math.max(firstRecordedAt, expiredBefore ?? firstRecordedAt);
}

function explain(error: unknown): never {
  throw error instanceof BacktestTooLargeError ? tooLarge() : error;
}

const tooLarge = (): ChronoscopeError =>
  new ChronoscopeError(
    'CHR_INVALID_REQUEST',
    'The stretch has more events than a fixture holds: choose a shorter one, or one rule with `only`.',
  );

const refused = (path: string, message: string): ChronoscopeError =>
  new ChronoscopeError('CHR_INVALID_REQUEST', `body "${path}": ${message}`, {
    details: [{ in: 'body', path, message }],
  });

function unknownRule(path: string, stranger: string, known: readonly string[]): ChronoscopeError {
  const near = nearest(stranger, known);
  const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
  return refused(path, `there is no rule "${stranger.slice(0, 60)}": ${hint}`);
}

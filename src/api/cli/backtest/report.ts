import type {
  BacktestEpisode,
  BacktestResult,
  Outcome,
  RuleOutcome,
} from '../../../domain/alerts/backtest/result.ts';
import type { Run } from '../command.ts';
import { count, duration, plural, wrap } from '../text.ts';
import { type Cell, columns, cut } from './columns.ts';
import { comparisonLines } from './comparison.ts';
import { gapLines } from './gaps.ts';
import { gridLines } from './grid.ts';
import {
  labelsOf,
  lengthOf,
  lengthOfEpisode,
  minuteOf,
  momentOf,
  nothing,
  paintOf,
  paintShare,
  shareOf,
  stretchOf,
} from './words.ts';

type Shown = Pick<Run, 'paint' | 'width'>;

const mostEpisodes = 12;
const ruleWidth = 22;

export interface Told {
  /** `the rules in force`, or the file. */
  rules: string;
  comparedWith: string;
  tookMs: number;
}

/** The whole answer as text, for a terminal of 80 columns. */
export function report(shown: Shown, result: BacktestResult, told: Told): string {
  const sections = [
    headLines(shown, result, told),
    ruleLines(shown, result),
    result.compared === undefined
      ? []
      : comparisonLines(shown, result.compared, result.to, told.comparedWith),
    result.grid === undefined ? [] : gridLines(shown, result.grid),
    episodeLines(shown, result),
    gapLines(shown, result),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function headLines({ paint, width }: Shown, result: BacktestResult, { rules, tookMs }: Told): string[] {
  const { from, to, events, mode, project } = result;
  const order = mode === 'as_arrived' ? 'as events arrived' : 'as is known now';
  const speed = tookMs >= 1_000 ? `, ${count((events * 1_000) / tookMs)}/s` : '';
  return [
    paint.bold(cut(`Back-test of ${rules} on the project ${project}, ${order}`, width)),
    `${minuteOf(from)} to ${minuteOf(to)} UTC (${stretchOf(to - from)}): ${plural(events, 'event')} in ${duration(tookMs)}${speed}`,
  ];
}

function ruleLines({ paint, width }: Shown, result: BacktestResult): string[] {
  const judged = result.quality !== undefined;
  const loud = result.rules.filter(({ fired, quality }) => fired > 0 || quality !== undefined);
  const quiet = result.rules.filter((one) => !loud.includes(one)).map(({ rule }) => rule);
  const silent =
    quiet.length === 0
      ? []
      : wrap(`${plural(quiet.length, 'rule')} stayed quiet: ${quiet.join(', ')}`, width);
  if (loud.length === 0) return ['Nothing would have fired.', ...silent.map(paint.dim)];
  const head = ['RULE', 'FIRED', 'FIRING', 'TOLD', ...(judged ? ['PRECISION', 'RECALL', 'DELAY'] : [])];
  const rows = [
    ...loud.map((one) => ruleRow(paint, one, worstOf(result, one.rule), judged)),
    ...(loud.length > 1 ? [totalRow(paint, result, judged)] : []),
  ];
  const channels = Object.entries(result.byChannel)
    .sort(([, a], [, b]) => b - a)
    .map(([channel, times]) => `${channel} ${count(times)}`);
  return [
    ...columns(head, rows, { paintHead: paint.bold }),
    ...(channels.length < 2 ? [] : [paint.dim(`Told over ${channels.join(', ')}`)]),
    ...silent.map(paint.dim),
  ];
}

const worstOf = ({ episodes }: Outcome, rule: string) => {
  const own = episodes.filter((episode) => episode.rule === rule).map(({ severity }) => severity);
  return own.includes('critical') ? 'critical' : own.includes('warning') ? 'warning' : 'info';
};

function ruleRow(
  paint: Shown['paint'],
  { rule, fired, firingMs, notifications, quality }: RuleOutcome,
  worst: ReturnType<typeof worstOf>,
  judged: boolean,
): Cell[] {
  const told = { text: notifications === 0 ? nothing : count(notifications) };
  const row: Cell[] = [
    { text: cut(rule, ruleWidth) },
    { text: count(fired), paint: fired === 0 ? paint.dim : paintOf(paint, worst) },
    { text: lengthOf(firingMs) },
    told,
  ];
  return judged ? [...row, ...qualityCells(paint, quality)] : row;
}

function qualityCells(paint: Shown['paint'], quality: RuleOutcome['quality']): Cell[] {
  const { precision, recall, medianDelayMs } = quality ?? {};
  return [
    { text: shareOf(precision), paint: paintShare(paint, precision) },
    { text: shareOf(recall), paint: paintShare(paint, recall) },
    { text: medianDelayMs === undefined ? nothing : duration(medianDelayMs) },
  ];
}

function totalRow(paint: Shown['paint'], result: BacktestResult, judged: boolean): Cell[] {
  const { fired, firingMs, notified, quality } = result;
  const row: Cell[] = [
    { text: 'all' },
    { text: count(fired) },
    { text: lengthOf(firingMs) },
    { text: notified === 0 ? nothing : count(notified) },
  ].map((cell) => ({ ...cell, paint: paint.bold }));
  return judged ? [...row, ...qualityCells(paint, quality)] : row;
}

function episodeLines({ paint, width }: Shown, { episodes, fired, to, grid }: BacktestResult): string[] {
  if (episodes.length === 0 || grid !== undefined) return [];
  const last = episodes.slice(-mostEpisodes);
  const title = fired > last.length ? `ALERTS, the last ${last.length} of ${count(fired)}` : 'ALERTS';
  const rows = last.map((episode) => {
    const length = lengthOfEpisode(episode, to).padStart(8);
    const dot = paintOf(paint, episode.severity)('●');
    const about = cut(aboutOf(episode), width - besides).padEnd(width - besides);
    return `${dot} ${momentOf(episode.firedAt)} ${length}  ${about} ${paint.dim(episode.id)}`;
  });
  return [paint.bold(title), ...rows];
}

/** What a line of an alert has besides its name: a dot, its time, its length, and its id. */
const besides = 48;

const aboutOf = (episode: BacktestEpisode): string => {
  const verdict = episode.verdict === undefined ? [] : [`judged ${episode.verdict}`];
  const before = episode.openAtStart ? ['from before'] : [];
  return [`${episode.rule} ${labelsOf(episode)}`, ...verdict, ...before].join(', ');
};

import type { BacktestEpisode, Comparison, RuleFigures } from '../../../domain/alerts/backtest/result.ts';
import type { Run } from '../command.ts';
import { count, duration } from '../text.ts';
import { type Cell, columns, cut } from './columns.ts';
import { labelsOf, lengthOf, lengthOfEpisode, momentOf } from './words.ts';

const mostOfEach = 8;

/** What is different with the rules that are tried. */
export function comparisonLines(
  { paint, width }: Pick<Run, 'paint' | 'width'>,
  { added, gone, moved, counts, rules, before, after }: Comparison,
  to: number,
  name: string,
): string[] {
  const title = paint.bold(cut(`COMPARED WITH ${name}`, width));
  const isSame = counts.added + counts.gone + counts.earlier + counts.later === 0;
  if (isSame)
    return [title, paint.green(`Nothing changes: all ${count(counts.same)} alerts fire as before.`)];
  const about = (episode: BacktestEpisode, rest: string) =>
    `${momentOf(episode.firedAt)}  ${cut(`${episode.rule} ${labelsOf(episode)}`, width - 36)}  ${paint.dim(rest)}`;
  const changed = rules.filter((rule) => figuresText(rule.before) !== figuresText(rule.after));
  return [
    title,
    [
      paint.yellow(`+ ${count(counts.added)} added`),
      paint.cyan(`- ${count(counts.gone)} gone`),
      `< ${count(counts.earlier)} earlier`,
      `> ${count(counts.later)} later`,
      paint.dim(`= ${count(counts.same)} the same`),
    ].join('   '),
    ...columns(
      ['', 'FIRED', 'FIRING', 'TOLD'],
      [...changed.map((one) => figureRow(one.rule, one.before, one.after)), figureRow('all', before, after)],
      { paintHead: paint.bold },
    ),
    ...listed(added, counts.added, (one) => `${paint.yellow('+')} ${about(one, lengthOfEpisode(one, to))}`),
    ...listed(gone, counts.gone, (one) => `${paint.cyan('-')} ${about(one, lengthOfEpisode(one, to))}`),
    ...listed(moved, counts.earlier + counts.later, ({ after: one, byMs }) => {
      const by = duration(Math.abs(byMs));
      return byMs < 0 ? `< ${about(one, `${by} earlier`)}` : `> ${about(one, `${by} later`)}`;
    }),
  ];
}

function listed<T>(all: readonly T[], total: number, line: (one: T) => string): string[] {
  const rest = total - Math.min(mostOfEach, all.length);
  return [...all.slice(0, mostOfEach).map(line), ...(rest > 0 ? [`  and ${count(rest)} more`] : [])];
}

const figuresText = ({ fired, firingMs, notifications }: RuleFigures): string =>
  `${fired} ${firingMs} ${notifications}`;

function figureRow(name: string, before: RuleFigures, after: RuleFigures): Cell[] {
  const change = (was: string, is: string) => ({ text: was === is ? is : `${was} → ${is}` });
  return [
    { text: cut(name, 22) },
    change(count(before.fired), count(after.fired)),
    change(lengthOf(before.firingMs), lengthOf(after.firingMs)),
    change(count(before.notifications), count(after.notifications)),
  ];
}

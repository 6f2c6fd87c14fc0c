import type { BacktestResult } from '../../../domain/alerts/backtest/result.ts';
import type { Run } from '../command.ts';
import { count, plural, wrap } from '../text.ts';
import { minuteOf, stretchOf } from './words.ts';

const mostSilences = 3;

function untrustedText(untrusted: BacktestResult['gaps']['untrusted'], to: number): string[] {
  const byTime = new Map<number, string[]>();
  for (const { rule, until } of untrusted) byTime.set(until, [...(byTime.get(until) ?? []), rule]);
  return [...byTime]
    .sort(([a], [b]) => a - b)
    .map(([until, rules]) =>
      until >= to
        ? `Not whole in all of the stretch: ${rules.join(', ')}.`
        : `Not whole before ${minuteOf(until)}: ${rules.join(', ')}.`,
    );
}

/** What the log cannot tell, so that nobody takes silence for health. */
export function gapLines(
  { paint, width }: Pick<Run, 'paint' | 'width'>,
  { gaps, to, warmedFrom }: BacktestResult,
): string[] {
  const said: string[] = [];
  if (gaps.logBegins !== undefined) {
    said.push(
      `The log begins at ${minuteOf(gaps.logBegins)}; windows would reach back to ${minuteOf(warmedFrom)}.`,
      ...untrustedText(gaps.untrusted, to),
    );
  }
  const silent = gaps.silent.length + gaps.moreSilent;
  if (silent > 0) {
    const longest = [...gaps.silent].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, mostSilences);
    const named = longest.map(({ from, to: end }) => `${minuteOf(from)} for ${stretchOf(end - from)}`);
    said.push(
      `Nothing at all was recorded ${silent === 1 ? 'once' : `${count(silent)} times`}; the longest: ${named.join(', ')}.`,
    );
  }
  if (gaps.tooLate > 0)
    said.push(
      `${plural(gaps.tooLate, 'event')} came too late for every window; --mode as_known puts them in their place.`,
    );
  if (gaps.leftInPlace > 0)
    said.push(
      `${plural(gaps.leftInPlace, 'late event')} were too many to sort, and stand where they arrived.`,
    );
  if (said.length === 0) return [];
  const lines = said.flatMap((text) =>
    wrap(text, width - 2).map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`)),
  );
  return [paint.bold('WHAT THE LOG CANNOT TELL'), ...lines];
}

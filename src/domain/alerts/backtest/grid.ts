import type { Level, Rule, RuleSet, Severity } from '../rule.ts';
import { unitOf } from '../texts.ts';
import { type Incident, incidentsFor, qualityOf } from './judged.ts';
import type { BacktestEpisode, GridCell, GridResult } from './result.ts';

/** One rule with other thresholds and durations; the variants share their windows, so that many cost little more than one. */

export interface GridAsked {
  rule: string;
  severity?: Severity | undefined;
  thresholds: readonly number[];
  forMs: readonly number[];
}

export const mostCells = 100;

export interface Grid {
  asked: GridAsked;
  rule: Rule;
  level: Level;
  ruleSet: RuleSet;
}

/** Undefined when there is no such rule, or no such level of it. */
export function gridOf(asked: GridAsked, { rules, ...ruleSet }: RuleSet): Grid | undefined {
  const rule = rules.find(({ name }) => name === asked.rule);
  const level = rule?.levels.find(
    ({ severity }) => severity === (asked.severity ?? rule.levels[0]?.severity),
  );
  if (rule === undefined || level === undefined) return undefined;
  const variants = asked.thresholds.flatMap((threshold) =>
    asked.forMs.map((forMs) => variantOf(rule, level, threshold, forMs)),
  );
  return { asked, rule, level, ruleSet: { ...ruleSet, rules: variants } };
}

const nameOf = (rule: string, threshold: number, forMs: number): string => `${rule} ${threshold} ${forMs}`;

/** Its way back lies as far off as that of the rule, in proportion. */
function variantOf(rule: Rule, level: Level, threshold: number, forMs: number): Rule {
  const share = level.threshold === 0 ? 1 : level.recovery / level.threshold;
  const varied = { ...level, threshold, recovery: threshold * share, forMs };
  return { ...rule, name: nameOf(rule.name, threshold, forMs), levels: [varied], quiet: true };
}

export function gridResult(
  { asked, rule, level }: Grid,
  episodes: readonly BacktestEpisode[],
  incidents: readonly Incident[],
  firingMsOf: (episode: BacktestEpisode) => number,
): GridResult {
  const judged = incidentsFor(rule.name, incidents);
  const cellOf = (threshold: number, forMs: number): GridCell => {
    const name = nameOf(rule.name, threshold, forMs);
    const own = episodes.filter((episode) => episode.rule === name);
    const quality = qualityOf(own, judged);
    const { precision, recall, medianDelayMs } = quality ?? {};
    return {
      threshold,
      forMs,
      fired: own.length,
      firingMs: own.reduce((sum, one) => sum + firingMsOf(one), 0),
      ...(precision !== undefined && { precision }),
      ...(recall !== undefined && { recall }),
      ...(medianDelayMs !== undefined && { medianDelayMs }),
    };
  };
  return {
    rule: rule.name,
    severity: level.severity,
    unit: unitOf(rule.measure),
    comparison: level.comparison,
    present: { threshold: level.threshold, forMs: level.forMs },
    cells: asked.thresholds.flatMap((threshold) => asked.forMs.map((forMs) => cellOf(threshold, forMs))),
  };
}

import { compare } from '../level.ts';
import { type Comparison, comparisons, type Level, type Measure, severities } from '../rule.ts';
import { unitOf } from '../texts.ts';
import type { Faults } from './faults.ts';
import { readDuration, readFigure } from './figures.ts';
import type { Tree } from './tree.ts';
import { type Fields, readFields, refuse } from './values.ts';

/** A level with the places that its faults are told at. */
interface PlacedLevel extends Level {
  tree: Tree;
  thresholdTree: Tree;
}

const levelKeys = [...comparisons, 'recover', 'for'] as const;

const isUpward = (comparison: Comparison): boolean => comparison === 'above' || comparison === 'atLeast';

export function readLevels(
  fields: Fields<(typeof severities)[number] | 'for'>,
  { measure, windowMs }: { measure: Measure; windowMs: number },
  faults: Faults,
): Level[] {
  const usualForMs = readDuration(fields.get('for'), faults) ?? 0;
  const placed: PlacedLevel[] = [];
  for (const severity of severities) {
    const tree = fields.get(severity);
    const level = tree && readLevel(tree, measure, usualForMs, faults);
    if (level !== undefined) placed.push({ ...level, severity });
  }
  if (severities.every((severity) => fields.get(severity) === undefined))
    faults.add(fields.spot, `needs a level: one of ${severities.join(', ')}`);
  placed.forEach((level, index) => {
    checkOrder(level, placed[index - 1], faults);
    if (measure.kind === 'silence' && level.threshold >= windowMs)
      refuse(level.thresholdTree, faults, 'the window has to be longer, for a source is forgotten after it');
  });
  return placed.map(({ tree, thresholdTree, ...level }) => level);
}

function readLevel(
  tree: Tree,
  measure: Measure,
  usualForMs: number,
  faults: Faults,
): Omit<PlacedLevel, 'severity'> | undefined {
  const fields = readFields(tree, levelKeys, faults);
  const forMs = readDuration(fields?.get('for'), faults) ?? usualForMs;
  const [comparison, another] = comparisons.filter((word) => fields?.get(word) !== undefined);
  if (fields === undefined) return undefined;
  if (comparison === undefined || another !== undefined)
    return faults.add(tree, `needs exactly one of ${comparisons.join(', ')}`);
  const thresholdTree = fields.get(comparison) ?? tree;
  const threshold = readFigure(thresholdTree, unitOf(measure), faults);
  const recoverTree = fields.get('recover');
  const recovery = readFigure(recoverTree, unitOf(measure), faults) ?? threshold;
  if (threshold === undefined || recovery === undefined) return undefined;
  checkRecovery(recoverTree ?? thresholdTree, { measure, comparison, threshold, recovery }, faults);
  return { tree, thresholdTree, comparison, threshold, recovery, forMs };
}

function checkRecovery(
  tree: Tree,
  {
    measure,
    comparison,
    threshold,
    recovery,
  }: Pick<Level, 'comparison' | 'threshold' | 'recovery'> & { measure: Measure },
  faults: Faults,
): void {
  const isUp = isUpward(comparison);
  if (isUp ? recovery > threshold : recovery < threshold) {
    const side = isUp ? 'below' : 'above';
    refuse(tree, faults, `it has to be the threshold or ${side} it, on the healthy side`);
  }
  // The figures of a metric can be anything; all others have an end on the healthy side.
  const healthiest = isUp ? 0 : unitOf(measure) === 'fraction' ? 1 : undefined;
  if (measure.kind === 'metric' || healthiest === undefined) return;
  if (compare(healthiest, comparison, recovery))
    refuse(tree, faults, 'the alert could never end, for the condition always holds');
}

/** What is more severe has to be harder to reach, or to last longer. */
function checkOrder(level: PlacedLevel, milder: PlacedLevel | undefined, faults: Faults): void {
  if (milder === undefined) return;
  if (isUpward(level.comparison) !== isUpward(milder.comparison)) {
    faults.add(level.tree, `compares the other way than ${milder.severity}`);
    return;
  }
  const isFurther = isUpward(level.comparison)
    ? level.threshold > milder.threshold
    : level.threshold < milder.threshold;
  const lastsLonger =
    level.threshold === milder.threshold &&
    level.comparison === milder.comparison &&
    level.forMs > milder.forMs;
  if (!isFurther && !lastsLonger)
    refuse(
      level.thresholdTree,
      faults,
      `it has to lie beyond that of ${milder.severity}, or the same with a longer \`for\``,
    );
}

import { type Measure, noDataBehaviours, type Rule, severities } from '../rule.ts';
import type { Faults } from './faults.ts';
import { readDuration } from './figures.ts';
import { readLevels } from './levels.ts';
import { readMeasure } from './measure.ts';
import { readMatchers } from './select.ts';
import { readShown } from './shown.ts';
import { readTiming } from './timing.ts';
import type { Tree } from './tree.ts';
import {
  type Fields,
  readBoolean,
  readCount,
  readFields,
  readFitting,
  readSet,
  readWord,
  refuse,
} from './values.ts';

/** A rule as its text says it; the version follows from what was there before. */
export type UnversionedRule = Omit<Rule, 'version'>;

const ruleKeys = [
  'name',
  'measure',
  'select',
  'by',
  'window',
  'every',
  ...severities,
  'for',
  'keepFiringFor',
  'minimumVolume',
  'minimumFailures',
  'noData',
  'title',
  'description',
  'playbook',
  'runbook',
  'dashboard',
  'labels',
  'annotations',
  'quiet',
] as const;
type RuleKey = (typeof ruleKeys)[number];

const mostByLabels = 10;
const mostVolume = 1_000_000_000;

const ruleName = /^[a-z0-9-]{1,100}$/;
const labelName = /^[^\s{}!=~,\\"'`]{1,200}$/;

const leastVolumes: Partial<Record<Measure['kind'], number>> = { error_rate: 10, latency: 20, burn_rate: 20 };

export function readRule(tree: Tree, faults: Faults): UnversionedRule | undefined {
  const fields = readFields(tree, ruleKeys, faults);
  if (fields === undefined) return undefined;
  const name = readFitting(fields.need('name'), ruleName, 'write 1 to 100 of a-z, 0-9 and -', faults) ?? '';
  const watched = readMeasure(fields.need('measure'), faults);
  const select = readMatchers(fields.get('select'), faults) ?? [];
  const by = readLabelNames(fields.get('by'), faults).filter((label) => label !== 'project');
  const shown = readShown(fields, { name, by }, faults);
  const handling = readHandling(fields, faults);
  // Thresholds mean nothing without knowing of what.
  if (watched === undefined) return undefined;
  return {
    name,
    ...decisive(fields, watched.measure, faults),
    select: [...watched.select, ...select],
    by,
    ...shown,
    ...handling,
  };
}

function decisive(
  fields: Fields<RuleKey>,
  measure: Measure,
  faults: Faults,
): Pick<Rule, 'measure' | 'windowMs' | 'everyMs' | 'levels' | 'minimumVolume' | 'minimumFailures'> {
  const timing = readTiming(fields, measure, faults);
  const levels = readLevels(fields, { measure, windowMs: timing.windowMs }, faults);
  const volume = readCount(fields.get('minimumVolume'), { least: 0, most: mostVolume }, faults);
  return {
    measure,
    ...timing,
    levels,
    minimumVolume: volume ?? leastVolumes[measure.kind] ?? 0,
    minimumFailures: readMinimumFailures(fields.get('minimumFailures'), measure, faults),
  };
}

function readMinimumFailures(tree: Tree | undefined, { kind }: Measure, faults: Faults): number {
  if (tree !== undefined && kind !== 'error_rate' && kind !== 'burn_rate') {
    refuse(tree, faults, 'only error_rate and burnRate have failures to count');
    return 0;
  }
  return readCount(tree, { least: 0, most: mostVolume }, faults) ?? 0;
}

const readHandling = (
  fields: Fields<RuleKey>,
  faults: Faults,
): Pick<Rule, 'keepFiringForMs' | 'noData' | 'quiet'> => ({
  keepFiringForMs: readDuration(fields.get('keepFiringFor'), faults) ?? 0,
  noData: readWord(fields.get('noData'), noDataBehaviours, faults) ?? 'keep',
  quiet: readBoolean(fields.get('quiet'), faults) ?? false,
});

export const readLabelNames = (tree: Tree | undefined, faults: Faults): string[] =>
  readSet(
    tree,
    (item) => readFitting(item, labelName, 'write the name of a label', faults),
    faults,
    mostByLabels,
  ) ?? [];

import { type Aggregate, aggregates, type Matcher, type Measure, seasonals } from '../rule.ts';
import type { Faults } from './faults.ts';
import { dayMs, readDuration, readFraction } from './figures.ts';
import type { Tree } from './tree.ts';
import { meant, readCount, readFields, readText, readWord, refuse } from './values.ts';

/** What a rule watches, and the conditions that come with it. */
export interface Watched {
  measure: Measure;
  select: readonly Matcher[];
}

const plainKinds = [
  'requests',
  'failed_requests',
  'error_rate',
  'errors',
  'logs',
  'health',
  'job',
  'rate_limit',
  'silence',
  'new_error',
] as const;

const words = [...plainKinds, 'latency p95', 'latency average', 'latency max'];
const wanted = `write one of ${words.join(', ')}, or a map with metric, anomaly or burnRate`;

const mostNameCharacters = 300;
const daysCompared = { least: 3, most: 28 };
const usualDays = 7;
const leastBurnMs = 60_000;

export function readMeasure(tree: Tree | undefined, faults: Faults): Watched | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind === 'map') return readMap(tree, faults);
  const text = tree.kind === 'scalar' ? tree.text : '';
  const kind = plainKinds.find((word) => word === text);
  const measure: Measure | undefined = kind === undefined ? latencyOf(text) : { kind };
  return measure === undefined ? refuse(tree, faults, meant(text, words) || wanted) : { measure, select: [] };
}

function latencyOf(text: string): Measure | undefined {
  const [, word = ''] = /^latency (\S+)$/.exec(text) ?? [];
  if (word === 'average' || word === 'max') return { kind: 'latency', of: word };
  const of = quantileOf(word);
  return of === undefined ? undefined : { kind: 'latency', of };
}

/** `p95` is 0.95, exactly. */
function quantileOf(word: string): number | undefined {
  const [, percent] = /^p(\d{1,2}(?:\.\d{1,3})?)$/.exec(word) ?? [];
  const quantile = Number(`${percent}e-2`);
  return quantile > 0 ? quantile : undefined;
}

function readMap(tree: Tree & { kind: 'map' }, faults: Faults): Watched | undefined {
  if (tree.entries.has('metric')) return readMetric(tree, faults);
  if (tree.entries.has('anomaly')) return readAnomaly(tree, faults);
  if (tree.entries.has('burnRate')) return readBurnRate(tree, faults);
  readFields(tree, ['metric', 'anomaly', 'burnRate'], faults);
  return tree.entries.size > 0 ? undefined : refuse(tree, faults, wanted);
}

function readMetric(tree: Tree, faults: Faults): Watched | undefined {
  const fields = readFields(tree, ['metric', 'aggregate'], faults);
  const name = readText(fields?.get('metric'), faults, mostNameCharacters);
  const aggregate = readAggregate(fields?.get('aggregate'), faults);
  if (name === undefined) return undefined;
  return { measure: { kind: 'metric', aggregate }, select: [{ label: 'name', operator: '=', value: name }] };
}

function readAggregate(tree: Tree | undefined, faults: Faults): Aggregate | number {
  const quantile = tree?.kind === 'scalar' ? quantileOf(tree.text) : undefined;
  return quantile ?? (readWord(tree, [...aggregates, 'p95'], faults) as Aggregate | undefined) ?? 'last';
}

function readAnomaly(tree: Tree, faults: Faults): Watched | undefined {
  const fields = readFields(tree, ['anomaly', 'days'], faults);
  const of = readWord(fields?.get('anomaly'), seasonals, faults);
  const days = readCount(fields?.get('days'), daysCompared, faults) ?? usualDays;
  return of === undefined ? undefined : { measure: { kind: 'anomaly', of, days }, select: [] };
}

function readBurnRate(tree: Tree, faults: Faults): Watched | undefined {
  const outer = readFields(tree, ['burnRate'], faults);
  const fields = readFields(outer?.get('burnRate'), ['objective', 'long', 'short', 'slowerThan'], faults);
  const objectiveTree = fields?.need('objective');
  const objective = readFraction(objectiveTree, faults);
  const longMs = readDuration(fields?.need('long'), faults, { least: leastBurnMs });
  const shortMs = readDuration(fields?.need('short'), faults, { least: 1_000, most: 7 * dayMs });
  const slowerThanMs = readDuration(fields?.get('slowerThan'), faults, { least: 1 });
  if (objective === undefined || longMs === undefined || shortMs === undefined) return undefined;
  if (objectiveTree !== undefined && (objective === 0 || objective === 1))
    return refuse(objectiveTree, faults, 'an objective lies between 0 and 1, such as 99.9%');
  if (longMs <= shortMs) {
    const spot = fields?.get('long') ?? tree;
    return refuse(spot, faults, 'the long window has to be longer than the short one');
  }
  return { measure: { kind: 'burn_rate', objective, pair: { longMs, shortMs }, slowerThanMs }, select: [] };
}

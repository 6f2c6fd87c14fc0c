import type { Flapping, Inhibition, Matcher, Policy } from '../rule.ts';
import type { Faults } from './faults.ts';
import { readDuration } from './figures.ts';
import { readMuteTimes } from './muteTimes.ts';
import { readRoutes, readUniqueName } from './routes.ts';
import { readLabelNames } from './rule.ts';
import { readMatchers } from './select.ts';
import type { Tree } from './tree.ts';
import { type Fields, readCount, readFields, readList } from './values.ts';

const mostInhibitions = 100;
const usualFlapping: Flapping = { firings: 4, windowMs: 30 * 60_000 };

export const policyKeys = ['routes', 'inhibit', 'mute', 'flapping'] as const;

export function readPolicy(fields: Fields<(typeof policyKeys)[number]>, faults: Faults): Policy {
  const mute = readMuteTimes(fields.get('mute'), faults);
  return {
    routes: readRoutes(fields.get('routes'), mute, faults),
    inhibit: readInhibitions(fields.get('inhibit'), faults),
    mute,
    flapping: readFlapping(fields.get('flapping'), faults),
  };
}

function readInhibitions(tree: Tree | undefined, faults: Faults): Inhibition[] {
  const names = new Set<string>();
  const readOne = (item: Tree): Inhibition | undefined => {
    const fields = readFields(item, ['name', 'source', 'target', 'equal'], faults);
    if (fields === undefined) return undefined;
    const name = readUniqueName(fields.need('name'), names, faults) ?? '';
    return {
      name,
      source: readSide(fields.need('source'), faults),
      target: readSide(fields.need('target'), faults),
      equal: readLabelNames(fields.get('equal'), faults),
    };
  };
  return readList(tree, readOne, faults, mostInhibitions) ?? [];
}

function readSide(tree: Tree | undefined, faults: Faults): Matcher[] {
  const isEmpty =
    (tree?.kind === 'list' && tree.items.length === 0) || (tree?.kind === 'map' && tree.entries.size === 0);
  if (tree !== undefined && isEmpty)
    faults.add(tree, 'is empty, which would be every alert; write a condition');
  return readMatchers(tree, faults) ?? [];
}

function readFlapping(tree: Tree | undefined, faults: Faults): Flapping {
  const fields = readFields(tree, ['firings', 'window'], faults);
  const firings = readCount(fields?.get('firings'), { least: 2, most: 100 }, faults);
  const windowMs = readDuration(fields?.get('window'), faults, { least: 60_000 });
  return { firings: firings ?? usualFlapping.firings, windowMs: windowMs ?? usualFlapping.windowMs };
}

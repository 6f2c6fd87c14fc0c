import { matcherFault, parseMatcher } from '../matchers.ts';
import { escapePattern } from '../pattern.ts';
import type { Matcher } from '../rule.ts';
import { type Faults, keyPath } from './faults.ts';
import type { Tree, TreeList, TreeMap } from './tree.ts';
import { readList, readText, refuse } from './values.ts';

/** Conditions on labels: a map of labels, or a list of matchers as Alertmanager writes them. */

const mostMatchers = 50;
const mostValues = 100;
const mostCharacters = 3_000;

export function readMatchers(tree: Tree | undefined, faults: Faults): Matcher[] | undefined {
  if (tree?.kind !== 'map')
    return readList(tree, (item) => readMatcherText(item, faults), faults, mostMatchers);
  if (tree.entries.size > mostMatchers) faults.add(tree, `has more than ${mostMatchers} labels`);
  return readLabels(tree, faults);
}

function readMatcherText(tree: Tree, faults: Faults): Matcher | undefined {
  const text = readText(tree, faults, mostCharacters);
  if (text === undefined) return undefined;
  const matcher = parseMatcher(text);
  return typeof matcher === 'string' ? refuse(tree, faults, matcher) : matcher;
}

function readLabels(tree: TreeMap, faults: Faults): Matcher[] {
  const found: Matcher[] = [];
  for (const [label, { at, value }] of tree.entries) {
    const condition = value?.kind === 'list' ? anyOf(value, faults) : single(value, faults);
    if (condition === undefined) continue;
    const matcher = { label, ...condition };
    const fault = matcherFault(matcher);
    if (fault !== undefined) faults.add({ at, path: keyPath(tree.path, label) }, `cannot be used: ${fault}`);
    else found.push(matcher);
  }
  return found;
}

type Condition = Omit<Matcher, 'label'>;

/** `bot`, `!dev`, `~eu-.*`, `!~eu-.*`. */
function single(tree: Tree | undefined, faults: Faults): Condition | undefined {
  const text = readText(tree, faults, mostCharacters);
  if (text === undefined) return undefined;
  if (text.startsWith('!~')) return { operator: '!~', value: text.slice(2) };
  if (text.startsWith('~')) return { operator: '=~', value: text.slice(1) };
  return text.startsWith('!') ? { operator: '!=', value: text.slice(1) } : { operator: '=', value: text };
}

/** `[search, file_save]`: one of these, to the letter. */
function anyOf(tree: TreeList, faults: Faults): Condition | undefined {
  const plain = (item: Tree): string | undefined => {
    const text = readText(item, faults, mostCharacters);
    if (text === undefined || !/^[!~]/.test(text)) return text;
    return refuse(item, faults, 'in a list stand plain values; write a condition of its own as a matcher');
  };
  if (tree.items.length === 0) return refuse(tree, faults, 'write at least one value');
  const values = readList(tree, plain, faults, mostValues) ?? [];
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.length === 1) return { operator: '=', value: first };
  return { operator: '=~', value: values.map(escapePattern).join('|') };
}

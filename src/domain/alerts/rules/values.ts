import { nearest } from '../../nearest.ts';
import type { Labels } from '../rule.ts';
import { type Faults, keyPath, type Spot } from './faults.ts';
import type { Tree, TreeMap } from './tree.ts';

/** Readers of single values. Each answers undefined for what is absent, and for what it refuses with a fault. */

function show(tree: Tree): string {
  if (tree.kind !== 'scalar') return tree.kind === 'list' ? 'a list' : 'a map';
  if (tree.value === null) return 'empty';
  if (typeof tree.value !== 'string') return tree.text;
  return tree.text.length > 60 ? `a text of ${tree.text.length} characters` : JSON.stringify(tree.text);
}

export const refuse = (tree: Tree, faults: Faults, wanted: string): undefined =>
  faults.add(tree, `is ${show(tree)}; ${wanted}`);

/** Empty when nothing comes close. */
export const meant = (word: string, allowed: readonly string[]): string => {
  const found = nearest(word, allowed, otherKeysAmong(allowed));
  return found === undefined ? '' : `did you mean \`${found}\`?`;
};

/** What Prometheus, Alertmanager and Grafana call our keys, folded to lower case letters. */
const otherKeys: Readonly<Record<string, string>> = {
  alert: 'name',
  expr: 'measure',
  where: 'select',
  filter: 'select',
  interval: 'every',
  summary: 'title',
  runbookurl: 'runbook',
  dashboardurl: 'dashboard',
  pendingperiod: 'for',
  threshold: 'above',
  matchers: 'match',
  receiver: 'channels',
  receivers: 'channels',
  contactpoints: 'channels',
  mutetimeintervals: 'mute',
  mutetimings: 'mute',
  timeintervals: 'mute',
  inhibitrules: 'inhibit',
  sourcematchers: 'source',
  targetmatchers: 'target',
  location: 'timeZone',
  groups: 'rules',
};

const otherKeysAmong = (allowed: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(otherKeys).filter(([, ours]) => allowed.includes(ours)));

/** A map whose keys are known. */
export interface Fields<K extends string> {
  spot: Spot;
  get(key: K): Tree | undefined;
  /** Its absence is a fault. */
  need(key: K): Tree | undefined;
}

export function readFields<K extends string>(
  tree: Tree | undefined,
  keys: readonly K[],
  faults: Faults,
): Fields<K> | undefined {
  if (tree === undefined) return undefined;
  const known: readonly string[] = keys;
  if (tree.kind !== 'map') return refuse(tree, faults, `write a map with ${keys.join(', ')}`);
  for (const [key, { at }] of tree.entries) {
    if (known.includes(key)) continue;
    faults.add(
      { at, path: keyPath(tree.path, key) },
      `is not a key here; ${meant(key, known) || `there are ${keys.join(', ')}`}`,
    );
  }
  const get = (key: K) => tree.entries.get(key)?.value;
  const missing = (key: K): undefined =>
    faults.add({ at: tree.at, path: keyPath(tree.path, key) }, 'is missing');
  return { spot: tree, get, need: (key) => (tree.entries.has(key) ? get(key) : missing(key)) };
}

export function readText(tree: Tree | undefined, faults: Faults, most: number): string | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind !== 'scalar' || tree.value === null) return refuse(tree, faults, 'write a text');
  return tree.text.length <= most ? tree.text : refuse(tree, faults, `write at most ${most} characters`);
}

/** A text of a certain form, which `wanted` describes. */
export function readFitting(
  tree: Tree | undefined,
  form: RegExp,
  wanted: string,
  faults: Faults,
): string | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind === 'scalar' && tree.value !== null && form.test(tree.text)) return tree.text;
  return refuse(tree, faults, wanted);
}

export function readWord<W extends string>(
  tree: Tree | undefined,
  words: readonly W[],
  faults: Faults,
): W | undefined {
  if (tree === undefined) return undefined;
  const text = tree.kind === 'scalar' ? tree.text : '';
  const found = words.find((word) => word === text);
  return found ?? refuse(tree, faults, meant(text, words) || `write one of ${words.join(', ')}`);
}

export function readBoolean(tree: Tree | undefined, faults: Faults): boolean | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind === 'scalar' && typeof tree.value === 'boolean') return tree.value;
  return refuse(tree, faults, 'write true or false');
}

export function readCount(
  tree: Tree | undefined,
  { least, most }: { least: number; most: number },
  faults: Faults,
): number | undefined {
  if (tree === undefined) return undefined;
  const value = tree.kind === 'scalar' ? tree.value : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return refuse(tree, faults, `write a whole number from ${least} to ${most}`);
}

/** A list, or a single item that stands for a list of one. */
export function readList<T>(
  tree: Tree | undefined,
  readItem: (item: Tree) => T | undefined,
  faults: Faults,
  most: number,
): T[] | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind === 'scalar' && tree.value === null) return refuse(tree, faults, 'write a list');
  const items = tree.kind === 'list' ? tree.items : [tree];
  if (items.length > most) faults.add(tree, `has ${items.length} entries; at most ${most} are allowed`);
  return items
    .slice(0, most)
    .map(readItem)
    .filter((item) => item !== undefined);
}

/** As `readList`, where every item may be there once. */
export function readSet(
  tree: Tree | undefined,
  readItem: (item: Tree) => string | undefined,
  faults: Faults,
  most: number,
): string[] | undefined {
  const seen = new Set<string>();
  const once = (item: Tree): string | undefined => {
    const value = readItem(item);
    if (value === undefined) return undefined;
    if (seen.has(value)) return faults.add(item, `is ${show(item)}, which is there twice`);
    seen.add(value);
    return value;
  };
  return readList(tree, once, faults, most);
}

/** A map of any keys to texts. */
export function readTexts(
  tree: Tree | undefined,
  faults: Faults,
  limits: { entries: number; key: number; text: number },
): Labels | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind !== 'map') return refuse(tree, faults, 'write a map of texts');
  if (tree.entries.size > limits.entries) faults.add(tree, `has more than ${limits.entries} entries`);
  return Object.fromEntries(textEntries(tree, faults, limits));
}

function textEntries(
  tree: TreeMap,
  faults: Faults,
  limits: { key: number; text: number },
): [string, string][] {
  const found: [string, string][] = [];
  for (const [key, { at, value }] of tree.entries) {
    if (key === '' || key.length > limits.key)
      faults.add(
        { at, path: keyPath(tree.path, key) },
        `has a name that is empty or longer than ${limits.key} characters`,
      );
    const text = readText(value, faults, limits.text);
    if (text !== undefined) found.push([key, text]);
  }
  return found;
}

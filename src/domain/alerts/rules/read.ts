import { type RuleSet, watchdogRule } from '../rule.ts';
import { Faults, type RuleFault } from './faults.ts';
import { readDuration } from './figures.ts';
import { policyKeys, readPolicy } from './policy.ts';
import { readRule, type UnversionedRule } from './rule.ts';
import type { Tree } from './tree.ts';
import { readFields, readList, refuse } from './values.ts';
import { type Known, nextVersions, type RuleVersions } from './versions.ts';
import { parseText } from './yaml.ts';

export type RulesRead =
  | { kind: 'read'; ruleSet: RuleSet; versions: RuleVersions }
  /** Nothing of such a file is used. */
  | { kind: 'refused'; faults: readonly RuleFault[] };

type UnversionedSet = Omit<RuleSet, 'rules'> & { rules: readonly UnversionedRule[] };
type SetRead = { kind: 'read'; set: UnversionedSet } | { kind: 'refused'; faults: readonly RuleFault[] };

const mostRules = 500;
const usual = { latenessMs: 500, idleMs: 5_000 };
const mostWaitMs = 3_600_000;

/** Reads a rules file in YAML or JSON, and gives each rule a version by what is known from before. */
export function readRules(text: string, known: Known = { rules: [], versions: {} }): RulesRead {
  const read = readUnversioned(text);
  if (read.kind === 'refused') return read;
  const { rules, versions } = nextVersions(read.set.rules, known);
  return { kind: 'read', ruleSet: { ...read.set, rules }, versions };
}

/** Reads a text that was recorded once, with the versions that it was recorded with. */
export function restoreRules(text: string, versions: RuleVersions): RulesRead {
  const read = readUnversioned(text);
  if (read.kind === 'refused') return read;
  const rules = read.set.rules.map((rule) => ({ ...rule, version: versions[rule.name] ?? 1 }));
  return { kind: 'read', ruleSet: { ...read.set, rules }, versions };
}

function readUnversioned(text: string): SetRead {
  const faults = new Faults();
  const { tree, placeOf } = parseText(text, faults);
  const set = tree && readTree(tree, faults);
  if (set === undefined || faults.some) return { kind: 'refused', faults: faults.list(placeOf) };
  return { kind: 'read', set };
}

function readTree(tree: Tree, faults: Faults): UnversionedSet | undefined {
  const fields = readFields(tree, ['lateness', 'idle', 'rules', ...policyKeys], faults);
  if (fields === undefined) return undefined;
  const limits = { most: mostWaitMs };
  return {
    rules: readRuleList(fields.need('rules'), faults),
    policy: readPolicy(fields, faults),
    latenessMs: readDuration(fields.get('lateness'), faults, limits) ?? usual.latenessMs,
    idleMs: readDuration(fields.get('idle'), faults, limits) ?? usual.idleMs,
  };
}

function readRuleList(tree: Tree | undefined, faults: Faults): UnversionedRule[] {
  const names = new Set<string>();
  const readOne = (item: Tree): UnversionedRule | undefined => {
    const rule = readRule(item, faults);
    const nameTree = item.kind === 'map' ? item.entries.get('name')?.value : undefined;
    if (rule === undefined || nameTree === undefined) return undefined;
    if (names.has(rule.name) && rule.name !== '')
      return refuse(nameTree, faults, 'another rule has this name');
    if (rule.name === watchdogRule)
      return refuse(nameTree, faults, 'the engine itself has an alert of this name');
    names.add(rule.name);
    return rule;
  };
  return readList(tree, readOne, faults, mostRules) ?? [];
}

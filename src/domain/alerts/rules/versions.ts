import type { Rule } from '../rule.ts';
import type { UnversionedRule } from './rule.ts';

/** The newest version that each rule ever had, by name; those of rules that are gone too. */
export type RuleVersions = Readonly<Record<string, number>>;

/** What was there before: the rules in force, and what is recorded of them and of those before them. */
export interface Known {
  rules: readonly Rule[];
  versions: RuleVersions;
}

/** A version stands for one content, for good: what changes or comes back gets one that was never used. */
export function nextVersions(
  rules: readonly UnversionedRule[],
  known: Known,
): { rules: Rule[]; versions: RuleVersions } {
  const newest = new Map(Object.entries(known.versions));
  const inForce = new Map(known.rules.map((rule) => [rule.name, rule]));
  for (const { name, version } of known.rules) newest.set(name, Math.max(version, newest.get(name) ?? 0));
  const versioned = rules.map((rule) => {
    const before = inForce.get(rule.name);
    const isSame = before !== undefined && contentOf(before) === contentOf(rule);
    const version = isSame ? before.version : (newest.get(rule.name) ?? 0) + 1;
    newest.set(rule.name, Math.max(version, newest.get(rule.name) ?? 0));
    return { ...rule, version };
  });
  return { rules: versioned, versions: Object.fromEntries(newest) };
}

/** Equal for rules that say the same, in whatever order their labels stand. */
const contentOf = (rule: UnversionedRule): string =>
  JSON.stringify({ ...rule, version: undefined }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : value,
  );

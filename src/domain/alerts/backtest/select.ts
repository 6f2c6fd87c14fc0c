import type { RuleSet } from '../rule.ts';

/** The rules of these names; all when none is named. */
export const onlyRules = (ruleSet: RuleSet, names: readonly string[]): RuleSet =>
  names.length === 0
    ? ruleSet
    : { ...ruleSet, rules: ruleSet.rules.filter(({ name }) => names.includes(name)) };

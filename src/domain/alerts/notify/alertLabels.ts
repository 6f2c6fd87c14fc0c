import type { Labels } from '../rule.ts';
import type { Episode } from './state.ts';

/** An alert's own labels, those of its rule, and what else it can be told apart by. */
export const allLabels = ({ labels, ruleLabels, rule, severity, project }: Episode): Labels => ({
  ...labels,
  ...ruleLabels,
  rule,
  severity,
  project,
});

/** A missing label is an empty one. */
export const labelIn = (labels: Labels, name: string): string =>
  Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';

import type { Rule } from '../rule.ts';
import { type Faults, keyPath } from './faults.ts';
import type { Tree } from './tree.ts';
import { type Fields, meant, readFitting, readList, readText, readTexts } from './values.ts';

/** What people get to see of a rule's alerts. */

const limits = {
  title: 500,
  description: 4_000,
  playbook: 30,
  playbookStep: 1_000,
  runbook: 2_000,
  dashboard: 4_000,
};
const annotationLimits = { entries: 50, key: 200, text: 4_000 };
const labelLimits = { entries: 50, key: 200, text: 1_000 };

const knownWords = ['value', 'threshold', 'severity', 'rule', 'project', 'from', 'to'];
/** Labels that every alert has of itself. */
const ownLabels = ['rule', 'severity', 'project'];

const webAddress = /^https?:\/\/[^\s/?#]+\S*$/;
const runbookForm = /^(?:https?:\/\/[^\s/?#]+\S*|docs\/(?!.*\.\.)[\w./-]+(?:#[\w-]+)?)$/;

type ShownKey = 'title' | 'description' | 'playbook' | 'runbook' | 'dashboard' | 'annotations' | 'labels';
type Shown = Pick<Rule, ShownKey>;

export function readShown(
  fields: Fields<ShownKey>,
  { name, by }: Pick<Rule, 'name' | 'by'>,
  faults: Faults,
): Shown {
  const template = (tree: Tree | undefined, most: number): string | undefined => {
    const text = readText(tree, faults, most);
    if (tree !== undefined && text !== undefined) checkTemplate(tree, text, by, faults);
    return text;
  };
  const address = (key: 'runbook' | 'dashboard', form: RegExp, wanted: string) => {
    const text = template(fields.get(key), limits[key]);
    return text === undefined ? undefined : readFitting(fields.get(key), form, wanted, faults);
  };
  return {
    title: template(fields.get('title'), limits.title) ?? usualTitle(name, by),
    description: template(fields.get('description'), limits.description) ?? '',
    playbook:
      readList(
        fields.get('playbook'),
        (step) => template(step, limits.playbookStep),
        faults,
        limits.playbook,
      ) ?? [],
    runbook: address('runbook', runbookForm, 'write an http or https address, or docs/<page>.md'),
    dashboard: address('dashboard', webAddress, 'write an http or https address'),
    annotations: readAnnotations(fields.get('annotations'), by, faults),
    labels: readRuleLabels(fields.get('labels'), by, faults),
  };
}

const usualTitle = (name: string, by: readonly string[]): string =>
  by.length === 0 ? name : `${name}: ${by.map((label) => `{{${label}}}`).join(' ')}`;

function checkTemplate(tree: Tree, text: string, by: readonly string[], faults: Faults): void {
  const allowed = [...by, ...knownWords];
  for (const [whole, inner = ''] of text.matchAll(/\{\{([^{}]{0,300})\}\}/g)) {
    const word = inner.trim();
    if (allowed.includes(word)) continue;
    // In Prometheus it is `{{ $labels.service }}`.
    const hint = meant(word.replace(/^[$.]?(?:labels\.)?/i, ''), allowed);
    faults.add(tree, `has ${whole}, which is nothing known; ${hint || `there are ${allowed.join(', ')}`}`);
  }
}

function readAnnotations(tree: Tree | undefined, by: readonly string[], faults: Faults): Rule['annotations'] {
  if (tree?.kind === 'map') {
    for (const { value } of tree.entries.values()) {
      if (value?.kind === 'scalar') checkTemplate(value, value.text, by, faults);
    }
  }
  return readTexts(tree, faults, annotationLimits) ?? {};
}

function readRuleLabels(tree: Tree | undefined, by: readonly string[], faults: Faults): Rule['labels'] {
  const labels = readTexts(tree, faults, labelLimits) ?? {};
  if (tree?.kind !== 'map') return labels;
  for (const [label, { at }] of tree.entries) {
    if (ownLabels.includes(label) || by.includes(label))
      faults.add({ at, path: keyPath(tree.path, label) }, 'is a label that its alerts have already');
  }
  return labels;
}

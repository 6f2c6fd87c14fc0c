import { compilePattern } from './pattern.ts';
import { unescapeAll, unescapeFew } from './quoted.ts';
import type { Labels, Matcher } from './rule.ts';

/** Conditions on labels, with the syntax and the meaning that they have in Alertmanager. */

const mostLabelCharacters = 200;
const mostValueCharacters = 500;
const mostTextCharacters = 3_000;

const plainLabel = /^[^\s{}!=~,\\"'`]+/;
const quotedText = /^"((?:[^"\\]|\\.)*)"/s;
const operatorAt = /^(?:=~|!~|!=|=)/;

type Test = (value: string) => boolean;

/** Whether all of them hold. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map(({ label, ...rest }) => ({ label, test: compileOne(rest) }));
  return (labels) =>
    tests.every(({ label, test }) => test(Object.hasOwn(labels, label) ? (labels[label] ?? '') : ''));
}

function compileOne({ operator, value }: Omit<Matcher, 'label'>): Test {
  if (operator === '=') return (text) => text === value;
  if (operator === '!=') return (text) => text !== value;
  const pattern = compilePattern(value);
  // Nothing with such a pattern gets past `matcherFault`; if it does, it silences and selects nothing.
  if (pattern.kind === 'refused') return () => false;
  return operator === '=~' ? pattern.matches : (text) => !pattern.matches(text);
}

/** What is wrong with a matcher, if anything. */
export function matcherFault({ label, operator, value }: Matcher): string | undefined {
  if (label === '') return 'the label has no name';
  if (label.length > mostLabelCharacters) return `a label has at most ${mostLabelCharacters} characters`;
  if (value.length > mostValueCharacters) return `a value has at most ${mostValueCharacters} characters`;
  if (operator === '=' || operator === '!=') return undefined;
  const pattern = compilePattern(value);
  return pattern.kind === 'refused' ? `the pattern ${JSON.stringify(value)} ${pattern.problem}` : undefined;
}

/** `service="bot"`, `operation=~file_.*`, `"a label" != "b"`; a text in return says what is wrong. */
export function parseMatcher(text: string): Matcher | string {
  if (text.length > mostTextCharacters) return `a matcher has at most ${mostTextCharacters} characters`;
  const trimmed = text.trim();
  const [labelText = '', quoted] = quotedText.exec(trimmed) ?? plainLabel.exec(trimmed) ?? [];
  const label = quoted === undefined ? labelText : (unescapeAll(quoted) ?? '');
  if (label === '') return 'it does not begin with a label; write service="bot"';
  const rest = trimmed.slice(labelText.length).trimStart();
  const operator = operatorAt.exec(rest)?.[0] as Matcher['operator'] | undefined;
  if (operator === undefined) return `after ${labelText} comes none of = != =~ !~; write service="bot"`;
  const value = parseValue(rest.slice(operator.length).trimStart());
  if (typeof value === 'string') return value;
  const matcher = { label, operator, value: value.text };
  return matcherFault(matcher) ?? matcher;
}

function parseValue(text: string): { text: string } | string {
  const [whole, quoted] = quotedText.exec(text) ?? [];
  if (quoted !== undefined && whole === text) return { text: unescapeAll(quoted) ?? unescapeFew(quoted) };
  if (/^'.*'$/s.test(text)) return 'the value stands in single quotes; use double ones';
  if (/(?:^|[^\\])(?:\\\\)*"/.test(text))
    return 'a double quote in the value is not closed, or has no \\ before it';
  return { text: unescapeFew(text) };
}

/** As `parseMatcher` reads it. */
export function formatMatcher({ label, operator, value }: Matcher): string {
  const isPlain = plainLabel.exec(label)?.[0] === label;
  return `${isPlain ? label : JSON.stringify(label)}${operator}${JSON.stringify(value)}`;
}

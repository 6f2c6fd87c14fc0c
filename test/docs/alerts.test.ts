import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtinRules } from '../../src/domain/alerts/rules/builtin.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';

const page = readFileSync('docs/alerts.md', 'utf8');
const headings = new Set([...page.matchAll(/^#{2,3} (\S+)$/gm)].map(([, name = '']) => name));
const watchdog = readFileSync('src/projections/alerts/watchdog.ts', 'utf8');

function builtin() {
  const read = readRules(builtinRules);
  if (read.kind === 'refused') throw new Error('the built-in rules are refused');
  return read.ruleSet.rules;
}

describe('docs/alerts.md', () => {
  it('has the section that each built-in rule points to, under its name', () => {
    const rules = builtin();
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ name, runbook }) => runbook !== `docs/alerts.md#${name}`)).toEqual([]);
    expect(rules.map(({ name }) => name).filter((name) => !headings.has(name))).toEqual([]);
  });

  it("has the section of the engine's own alert", () => {
    const [, name = ''] = /runbook: 'docs\/alerts\.md#([\w-]+)'/.exec(watchdog) ?? [];
    expect(name).not.toBe('');
    expect(headings).toContain(name);
  });

  it('tells of each section what it means, what to do first and how to make it quieter', () => {
    const sections = page.split(/^### /m).slice(1);
    const short = sections.filter((text) =>
      ['**Means**', '**First**', '**Quieter**'].some((part) => !text.includes(part)),
    );
    expect(short.map((text) => text.split('\n')[0])).toEqual([]);
  });

  it('speaks of no rule that there is not', () => {
    const known = new Set([...builtin().map(({ name }) => name), 'alert-processor-behind']);
    const sections = [...page.matchAll(/^### (\S+)$/gm)].map(([, name = '']) => name);
    expect(sections.filter((name) => !known.has(name))).toEqual([]);
  });
});

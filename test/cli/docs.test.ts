import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/api/cli/commands.ts';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

describe('docs/cli.md', () => {
  it('has every command', () => {
    const missing = commands.filter(({ name }) => name !== 'keys' && !page.includes(`chronoscope ${name}`));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('has every option, those of the demo aside, which has its own page', () => {
    const options = commands
      .filter(({ name }) => name !== 'demo')
      .flatMap(({ options: all }) => Object.keys(all));
    expect([...new Set(options)].filter((name) => !page.includes(`\`--${name}`))).toEqual([]);
  });
});

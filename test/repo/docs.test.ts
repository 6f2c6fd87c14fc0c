import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
);
const files = [
  ...pages.map((name) => join('docs', name)),
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  'deploy/README.md',
];

/** Links to files; anchors within a page are left to the reader. */
const linksOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(
    ([, link = '']) => link,
  );

describe('documentation', () => {
  it.each(files)('%s links to files that are there', (file) => {
    const missing = linksOf(file).filter((link) => !existsSync(join(dirname(file), link)));
    expect(missing).toEqual([]);
  });

  it('has every page in its index', () => {
    const listed = new Set(linksOf('docs/README.md'));
    expect(pages.filter((name) => name !== 'README.md' && !listed.has(name))).toEqual([]);
  });
});

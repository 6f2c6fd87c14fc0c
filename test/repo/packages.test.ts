import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  version?: string;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
  hasInstallScript?: boolean;
}

const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const manifest: { allowScripts: Record<string, boolean> } = JSON.parse(readFileSync('package.json', 'utf8'));
const locked = Object.entries(lock.packages);
const nameOf = (path: string) => path.split('node_modules/').at(-1) ?? path;

describe('the lock file', () => {
  it('names no host, so that it serves behind any mirror', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('has the binaries of every platform, or `npm ci` refuses it', () => {
    const names = new Set(locked.map(([path]) => nameOf(path)));
    const wanted = locked.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies));
    expect(wanted.length).toBeGreaterThan(30);
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });

  it('has no package that would run a script unless package.json answers for it', () => {
    const withScripts = locked
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => nameOf(path));
    expect(withScripts.filter((name) => !(name in manifest.allowScripts))).toEqual([]);
  });
});

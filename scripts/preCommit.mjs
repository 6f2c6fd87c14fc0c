// @ts-check
// What a commit has to pass, in the order of how soon it can say no.
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';

/** @param {string[]} args */
const gitFiles = (...args) => spawnSync('git', args, { encoding: 'utf8' }).stdout.split('\0').filter(Boolean);

/** @type {(command: string, ...args: string[]) => void} */
function mustPass(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(
    error?.message ?? `pre-commit: \`${command} ${args.slice(0, 3).join(' ')}\` refused the commit`,
  );
  process.exit(1);
}

/** @type {(...args: string[]) => void} */
const biome = (...args) =>
  mustPass('npx', '--no-install', 'biome', 'check', '--no-errors-on-unmatched', ...args);

const staged = gitFiles('diff', '--cached', '--name-only', '-z', '--diff-filter=ACMR');
if (staged.length === 0) process.exit(0);

// Formatting a file that is staged in part would commit the other part as well; and `git commit <paths>` works on
// an index of its own, which a `git add` from here would leave behind. Both are only checked.
const partly = new Set(gitFiles('diff', '--name-only', '-z'));
const usualIndex = basename(process.env.GIT_INDEX_FILE ?? 'index') === 'index';
const whole = staged.filter((file) => usualIndex && !partly.has(file));
const checkedOnly = staged.filter((file) => !whole.includes(file));
if (whole.length > 0) {
  biome('--write', '--', ...whole);
  mustPass('git', 'add', '--', ...whole);
}
if (checkedOnly.length > 0) biome('--', ...checkedOnly);
// Builds what the secret scan takes its rules from.
mustPass('npm', 'run', '--silent', 'build');
mustPass(process.execPath, 'scripts/secrets.mjs', '--staged');
mustPass(process.execPath, 'scripts/rooms.mjs');
mustPass('npm', 'run', '--silent', 'typecheck');

// Runs after `npm ci` in a checkout: builds the program and turns the git hooks on.
// An installation without development packages (a production image) has nothing to build with and skips it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

if (existsSync('node_modules/typescript') && existsSync('tsconfig.build.json')) {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
// Hooks that somebody set up for themselves stay theirs.
const hooksAreSet = spawnSync('git', ['config', '--get', 'core.hooksPath']).status === 0;
if (existsSync('.git') && !hooksAreSet) {
  spawnSync('git', ['config', 'core.hooksPath', '.githooks'], { stdio: 'ignore' });
}

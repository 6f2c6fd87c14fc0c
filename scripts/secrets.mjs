// @ts-check
// Refuses tokens, private keys and passwords in addresses before they get into history. What counts as one is
// decided by the rules that keep secrets out of the event log, so that both learn of a new kind of token at once.
// usage: node scripts/secrets.mjs            every file that git knows or would take
//        node scripts/secrets.mjs --staged   what the next commit holds
// A made-up token is let through by `secrets:allow` on its line, a whole file of them by `secrets:allow-file`
// within its first five lines.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';

const built = new URL('../dist/domain/redaction/', import.meta.url);
if (!existsSync(built)) {
  console.error('secrets: the rules are not built; run `npm run build` first');
  process.exit(2);
}
/** @typedef {{ start: number, end: number, label: string }} Finding */
/** @typedef {(text: string, found: Finding[], userParts: Set<number>) => void} Detector */
/** @type {Detector[]} */
const detectors = [
  (await import(new URL('tokens.js', built).href)).findTokens,
  (await import(new URL('privateKeys.js', built).href)).findPrivateKeys,
  (await import(new URL('urls.js', built).href)).findUrlPasswords,
];

/**
 * What these detectors remove from a log is not always a secret in a program: a key's first line alone,
 * `Bearer realm=`, `user:${password}@`.
 * @param {string} label
 * @param {string} value
 */
function isSecretInSource(label, value) {
  if (value.startsWith('-----BEGIN')) return /^.{0,80}-----[\s\\rn"'+,]*[\w+/=]{32,}/.test(value);
  if (!['bearer', 'basic-auth', 'url-password'].includes(label)) return true;
  return value.length >= 16 && /^[\w.~+/=-]*\d[\w.~+/=-]*$/.test(value);
}

const lineMark = 'secrets:allow';
const fileMark = 'secrets:allow-file';

/** @param {string[]} args */
const git = (...args) => execFileSync('git', args, { maxBuffer: 1 << 30 });
/** @param {string[]} args */
const gitFiles = (...args) =>
  git(...args)
    .toString('utf8')
    .split('\0')
    .filter(Boolean);

/** @type {() => Iterable<{ file: string, content: Buffer }>} */
function* stagedFiles() {
  for (const file of gitFiles('diff', '--cached', '--name-only', '-z', '--diff-filter=ACMRT')) {
    yield { file, content: git('show', `:${file}`) };
  }
}

/** @type {() => Iterable<{ file: string, content: Buffer }>} */
function* treeFiles() {
  for (const file of gitFiles('ls-files', '-z', '--cached', '--others', '--exclude-standard')) {
    // Deleted but not yet committed, or a link to something that is listed itself.
    if (!existsSync(file) || !lstatSync(file).isFile()) continue;
    yield { file, content: readFileSync(file) };
  }
}

/**
 * @param {string} text
 * @returns {{ line: number, label: string }[]}
 */
function secretsIn(text) {
  const lines = text.split('\n');
  if (lines.slice(0, 5).some((line) => line.includes(fileMark))) return [];
  /** @type {Finding[]} */
  const found = [];
  for (const detect of detectors) detect(text, found, new Set());
  return found
    .filter(({ start, end, label }) => isSecretInSource(label, text.slice(start, end)))
    .map(({ start, label }) => ({ line: text.slice(0, start).split('\n').length, label }))
    .filter(({ line }) => !lines[line - 1]?.includes(lineMark));
}

let files = 0;
let secrets = 0;
for (const { file, content } of process.argv.includes('--staged') ? stagedFiles() : treeFiles()) {
  files++;
  if (content.includes(0)) continue;
  for (const { line, label } of secretsIn(content.toString('utf8'))) {
    secrets++;
    console.error(`${file}:${line} looks like a secret (${label})`);
  }
}
console.log(`secrets: ${files} files, ${secrets} findings`);
if (secrets > 0) {
  console.error(`If it is real, revoke it; if it is made up, put \`${lineMark}\` on its line.`);
  process.exitCode = 1;
}

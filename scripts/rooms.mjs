// @ts-check
// Checks which room of the house imports which, and that the domain is pure.
// usage: node scripts/rooms.mjs [folder that holds src]
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';

/** @typedef {{ file: string, line: number, message: string }} Fault */
/** @typedef {{ specifier: string, typeOnly: boolean, offset: number }} Import */
/** @typedef {(target: string, typeOnly?: boolean) => boolean} Rule */

/** @type {(...folders: string[]) => Rule} */
const anyOf =
  (...folders) =>
  (target) =>
    folders.some((folder) => target.startsWith(`src/${folder}/`));

/**
 * What an adapter needs of a port besides types: the errors that it has to raise, in `ports.ts` or in `errors.ts` beside
 * it. The read store's port speaks SQL, and `sql.ts` is the one safe way to write a value into such text.
 * @param {string} target
 */
const isPort = (target) => /\/(?:ports|errors)\.ts$/.test(target) || target === 'src/projections/sql.ts';

/**
 * What each place may import of our own files; the first that matches a file's path counts. A file that none
 * matches may import nothing, so that a new room begins with a line here.
 * @type {{ place: RegExp, says: string, allows: Rule, packages?: readonly string[] }[]}
 */
const rules = [
  {
    place: /^src\/domain\/alerts\/rules\//,
    says: 'the reader of alert rules imports nothing but the domain (and yaml, which the rules are written in)',
    allows: anyOf('domain'),
    packages: ['yaml'],
  },
  {
    place: /^src\/domain\//,
    says: 'the domain imports nothing but the domain (and zod for its schemas)',
    allows: anyOf('domain'),
    packages: ['zod'],
  },
  {
    place: /^src\/projections\//,
    says: 'projections import the domain only',
    allows: anyOf('projections', 'domain'),
  },
  {
    place: /^src\/adapters\//,
    says: 'adapters import the domain, ports and the types of other rooms',
    allows: (target, typeOnly) =>
      anyOf('adapters', 'domain')(target) ||
      (anyOf('projections', 'api')(target) && (typeOnly === true || isPort(target))),
  },
  {
    place: /^src\/api\//,
    says: 'the doors import the domain and projections, never an adapter',
    allows: anyOf('api', 'domain', 'projections'),
  },
  {
    place: /^src\/sdk\//,
    says: 'the SDK imports the types of events and nothing else of the engine',
    allows: (target, typeOnly) =>
      anyOf('sdk')(target) || (typeOnly === true && target.startsWith('src/domain/events/')),
  },
  { place: /^src\/(?:app|wiring\/\w+)\.ts$/, says: '', allows: () => true },
  {
    place: /^src\/projectionThread\.ts$/,
    says: 'the thread of the projections wires projections and the adapter that carries them',
    allows: anyOf('projections', 'adapters/projectionThread'),
  },
  {
    place: /^src\/backtestThread\.ts$/,
    says: 'the thread of a back-test wires the adapter that feeds it, and nothing that stores or sends',
    allows: anyOf('adapters/backtestThread'),
  },
  {
    place: /^src\/main\.ts$/,
    says: 'main imports the configuration, the app, what moves a log, and the command line only',
    allows: (target) =>
      /^src\/(?:config|app|wiring\/moving)\.ts$/.test(target) || target.startsWith('src/api/cli/'),
  },
  {
    place: /^src\/config\.ts$/,
    says: 'the configuration imports the domain only',
    allows: anyOf('domain'),
  },
];

/** Reading the clock, chance or surroundings; `new Date()` without an argument is looked for apart. */
const impureMembers = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);
const impureGlobals = new Set([
  'process',
  'globalThis',
  'console',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'require',
]);

/**
 * @param {import('oxc-parser').ParseResult} parsed
 * @param {string} text
 * @returns {Import[]}
 */
function importsOf(parsed, text) {
  /** @type {Import[]} */
  const found = [];
  for (const { moduleRequest, entries, start } of parsed.module.staticImports) {
    // `import './x.ts'` has no names and runs the file, so that it is never only types.
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    found.push({ specifier: moduleRequest.value, typeOnly, offset: start });
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest, isType, start } of entries) {
      if (moduleRequest) found.push({ specifier: moduleRequest.value, typeOnly: isType, offset: start });
    }
  }
  for (const { moduleRequest } of parsed.module.dynamicImports) {
    const specifier = text.slice(moduleRequest.start + 1, moduleRequest.end - 1);
    found.push({ specifier, typeOnly: false, offset: moduleRequest.start });
  }
  new Visitor({
    TSImportType: (node) => {
      found.push({ specifier: String(node.source.value), typeOnly: true, offset: node.start });
    },
  }).visit(parsed.program);
  return found;
}

/**
 * @param {import('oxc-parser').ParseResult} parsed
 * @returns {{ name: string, offset: number }[]}
 */
function impuritiesOf(parsed) {
  /** @type {{ name: string, offset: number }[]} */
  const found = [];
  // A property or a parameter may be called `process`; only an object or a function of that name is the global.
  /** @param {import('oxc-parser').Expression} node */
  const lookAt = (node) => {
    if (node.type === 'Identifier' && impureGlobals.has(node.name)) {
      found.push({ name: node.name, offset: node.start });
    }
  };
  new Visitor({
    MemberExpression: (node) => {
      lookAt(node.object);
      if (node.object.type !== 'Identifier' || node.computed || !('name' in node.property)) return;
      const name = `${node.object.name}.${node.property.name}`;
      if (impureMembers.has(name)) found.push({ name, offset: node.start });
    },
    CallExpression: (node) => {
      lookAt(node.callee);
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') {
        found.push({ name: 'Date()', offset: node.start });
      }
    },
    NewExpression: (node) => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date') return;
      if (node.arguments.length === 0) found.push({ name: 'new Date()', offset: node.start });
    },
  }).visit(parsed.program);
  return found;
}

/**
 * @param {string} file path from the root, with forward slashes
 * @param {string} text
 * @returns {Fault[]}
 */
export function checkFile(file, text) {
  const parsed = parseSync(file, text);
  const fault = (/** @type {number} */ offset, /** @type {string} */ message) => ({
    file,
    line: text.slice(0, offset).split('\n').length,
    message,
  });
  const broken = parsed.errors.map((error) => fault(error.labels[0]?.start ?? 0, error.message));
  if (broken.length > 0) return broken;

  const rule = rules.find(({ place }) => place.test(file));
  const faults = importsOf(parsed, text)
    .filter(({ specifier, typeOnly }) => !mayImport(file, rule, specifier, typeOnly))
    .map(({ specifier, offset }) =>
      fault(offset, `imports ${specifier}: ${rule?.says ?? 'this place has no rule in scripts/rooms.mjs'}`),
    );
  if (!file.startsWith('src/domain/')) return faults;
  const impure = impuritiesOf(parsed).map(({ name, offset }) =>
    fault(offset, `uses ${name}: the domain is pure, so time, chance and surroundings come in as arguments`),
  );
  return [...faults, ...impure];
}

/**
 * @param {string} file
 * @param {(typeof rules)[number] | undefined} rule
 * @param {string} specifier
 * @param {boolean} typeOnly
 */
function mayImport(file, rule, specifier, typeOnly) {
  if (!specifier.startsWith('.')) return rule?.packages?.includes(specifier) ?? true;
  const target = join(dirname(file), specifier).split(sep).join('/');
  return rule?.allows(target, typeOnly) ?? false;
}

/** @param {string} root */
export function checkTree(root) {
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[mc]?tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const faults = files.flatMap((path) =>
    checkFile(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')),
  );
  return { files: files.length, faults };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { files, faults } = checkTree(resolve(process.argv[2] ?? '.'));
  for (const { file, line, message } of faults) console.error(`${file}:${line} ${message}`);
  console.log(`rooms: ${files} files, ${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}

import { refuse } from '../errors.ts';
import { forbiddenFunction, type NameRules } from './names.ts';
import { isLinear, patternArgument, repeatedSearch } from './patterns.ts';
import { shadowDatabases } from './systemTables.ts';
import { allowedTableFunctions } from './tableFunctions.ts';
import { type Node, walk } from './tree.ts';

export interface TreeRules extends NameRules {
  database: string;
  views: ReadonlySet<string>;
  /** What a table's name without a database can mean: views and the statement's own common table expressions. */
  bareTables: ReadonlySet<string>;
  /** Names that the statement gives: one of them may be a lambda's. */
  aliases: ReadonlySet<string>;
}

const allowedKinds: ReadonlySet<string> = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'ExpressionList',
  'Function',
  'Identifier',
  'Literal',
  'Subquery',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'TableExpression',
  'TableIdentifier',
  'TableJoin',
  'ArrayJoin',
  'Asterisk',
  'QualifiedAsterisk',
  'ColumnsRegexpMatcher',
  'ColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'QualifiedColumnsListMatcher',
  'ColumnsTransformerList',
  'ColumnsApplyTransformer',
  'ColumnsExceptTransformer',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'OrderByElement',
  'InterpolateElement',
  'WithElement',
  'WindowDefinition',
  'WindowListElement',
  'SampleRatio',
  'Collation',
]);

/** Decides on the parsed statement: every node, function and table has to be one that is known to be harmless. */
export function checkTree(root: Node, rules: TreeRules): void {
  for (const { node, parent } of walk(root)) {
    if (!allowedKinds.has(node.kind)) {
      throw refuse('ACCESS_DENIED', `${describe(node)} is not allowed here`);
    }
    if (node.kind === 'TableIdentifier') checkTable(node.label, rules);
    if (node.kind === 'Function') {
      if (parent?.kind === 'TableExpression') checkTableFunction(node);
      else checkFunction(node, rules);
    }
  }
  checkRoot(root);
}

/** `INTO OUTFILE`, `FORMAT` and `SETTINGS` hang below the root, behind the query proper. */
function checkRoot(root: Node): void {
  const extra = root.kind === 'SelectWithUnionQuery' ? root.children.slice(1) : [];
  if (extra.length > 0) throw refuse('ACCESS_DENIED', 'INTO OUTFILE is not allowed here');
}

const describe = (node: Node): string => (node.kind === 'Set' ? 'SETTINGS inside of a statement' : node.kind);

function checkTable(name: string, rules: TreeRules): void {
  const dot = name.indexOf('.');
  if (dot === -1) {
    if (rules.bareTables.has(name)) return;
    throw refuse('UNKNOWN_TABLE', `Table ${rules.database}.${name} does not exist`);
  }
  const database = name.slice(0, dot);
  const table = name.slice(dot + 1);
  const shadows: readonly string[] = Object.values(shadowDatabases);
  if (shadows.includes(database)) return;
  if (database !== rules.database) throw refuse('UNKNOWN_DATABASE', `Database ${database} does not exist`);
  if (!rules.views.has(table)) throw refuse('UNKNOWN_TABLE', `Table ${name} does not exist`);
}

function checkTableFunction(node: Node): void {
  if (!allowedTableFunctions.has(node.label)) {
    throw refuse('ACCESS_DENIED', `Table function ${node.label} is not among those that may be called here`);
  }
}

function checkFunction(node: Node, rules: TreeRules): void {
  const name = node.label;
  const verdict = rules.functions.verdict(name);
  if (verdict === 'unknown' && rules.aliases.has(name)) return;
  if (verdict !== 'allowed') throw forbiddenOrUnknown(name, rules);
  const args = node.children.flatMap((child) => (child.kind === 'ExpressionList' ? child.children : []));
  if (rules.functions.isHigherOrder(name)) {
    const smuggled = args.find(
      (a) => a.kind === 'Identifier' && rules.functions.verdict(a.label) === 'forbidden',
    );
    if (smuggled !== undefined) throw forbiddenFunction(smuggled.label);
  }
  if (setMembership.test(name)) checkMembership(args[1], rules);
  if (repeatedSearch.has(rules.functions.firstName(name))) checkPattern(name, args);
}

const setMembership = /^(?:global)?(?:not)?(?:null)?in(?:ignoreset)?$/i;

/** `x IN database.table` reads a table, though the tree shows a mere name. */
function checkMembership(set: Node | undefined, rules: TreeRules): void {
  if (set?.kind === 'Identifier' && set.label.includes('.')) checkTable(set.label, rules);
}

function checkPattern(name: string, args: readonly Node[]): void {
  const pattern = args[patternArgument(name)];
  if (pattern === undefined) return;
  if (pattern.kind === 'Literal' && isLinear(pattern.label)) return;
  throw refuse(
    'BAD_ARGUMENTS',
    `In ${name} the pattern has to be a literal whose unbounded repetition (*, +, {n,}) stands last; ` +
      'bound the others, as in {1,100}',
  );
}

const forbiddenOrUnknown = (name: string, rules: TreeRules) =>
  rules.functions.verdict(name) === 'forbidden'
    ? forbiddenFunction(name)
    : refuse('UNKNOWN_FUNCTION', `Function with name ${name} does not exist`);

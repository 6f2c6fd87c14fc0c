import { quote } from '../../../projections/sql.ts';
import { refuse } from '../errors.ts';
import { functionTable } from '../functions/allowed.ts';
import type { AllowedViews, AnalystEngine } from '../ports.ts';
import { checkTree, type TreeRules } from './check.ts';
import { checkExpansion } from './expansion.ts';
import { aliases, checkNames } from './names.ts';
import { answerForShow } from './show.ts';
import { shadowDatabases, shadowedTables, shadowOf, withShadows } from './systemTables.ts';
import { withoutTail } from './tail.ts';
import { isSign, isWord, join, type Token, tokens } from './tokens.ts';
import { type Node, readTree } from './tree.ts';

export interface StatementRequest {
  sql: string;
  params: ReadonlyMap<string, string>;
  /** What the client calls its database. */
  database: string;
  /** The caller is bound to one project. */
  bound: boolean;
}

export interface PreparedStatement {
  sql: string;
  /** In the engine: the views' database or the shadow of a system database. */
  database: string;
  format: string | undefined;
  settings: ReadonlyMap<string, string>;
  /** Parameters that the text still has. */
  params: readonly string[];
  inMemory: boolean;
}

export type Prepare = (request: StatementRequest) => Promise<PreparedStatement>;

/**
 * Turns what a client sent into what may run, or refuses it. The engine writes the statement in its own hand without
 * running it; names and syntax tree of that text are checked, and that text, not the client's, is what runs.
 */
export async function statementGuard(engine: AnalystEngine, allowed: AllowedViews): Promise<Prepare> {
  const databases = await engine.arrange('SELECT name FROM system.databases');
  const views = new Set(allowed.views);
  const rules: Omit<TreeRules, 'bareTables' | 'aliases'> = {
    functions: functionTable(engine.facts.functions),
    hiddenDatabases: new Set(
      [
        ...databases.toLowerCase().trim().split('\n'),
        ...Object.values(shadowDatabases),
        'system',
        'information_schema',
      ].filter((name) => name !== allowed.database.toLowerCase()),
    ),
    columns: engine.facts.columns,
    database: allowed.database,
    views,
  };
  return async (request) => {
    const place = placeOf(request.database, allowed);
    const tail = withoutTail(withNames(tokens(await canonical(engine, request.sql)), request.params));
    checkNames(tail.body, rules);
    checkExpansion(tail.body);
    const body = withShadows(tail.body);
    const root = readTree(await engine.explainAst(join(body.map(standIn))));
    const bareTables = new Set([...place.tables, ...commonTables(body)]);
    const visible = { database: allowed.database, views };
    const shown = answerForShow(root.kind, tail.body, visible);
    if (shown === undefined)
      checkStatement(root, { ...rules, bareTables, aliases: aliases(body) }, request.bound);
    return {
      sql: shown ?? join(body),
      database: shown === undefined ? place.database : allowed.database,
      format: root.kind === 'UseQuery' ? 'Null' : tail.format,
      settings: tail.settings,
      params: shown === undefined ? neededParams(body, request.params) : [],
      inMemory: root.kind === 'Explain' || root.kind === 'DescribeQuery',
    };
  };
}

function placeOf(name: string, allowed: AllowedViews): { database: string; tables: readonly string[] } {
  // Clients call their database `default` when nobody told them another name.
  if (name === '' || name === 'default' || name === allowed.database) {
    return { database: allowed.database, tables: allowed.views };
  }
  const shadow = shadowOf(name);
  if (shadow === undefined) throw refuse('UNKNOWN_DATABASE', `Database ${name} does not exist`);
  return { database: shadowDatabases[shadow], tables: Object.values(shadowedTables[shadow]).flat() };
}

/** NUL ends a statement early in the engine's C interface, so that it would read less than was checked. */
async function canonical(engine: AnalystEngine, sql: string): Promise<string> {
  const nul = '\0';
  if (sql.includes(nul)) throw refuse('SYNTAX_ERROR', 'A statement cannot hold the character NUL');
  if (sql.trim() === '') throw refuse('SYNTAX_ERROR', 'Empty query');
  // The engine's parser wants an INSERT's data too, and would complain of that.
  if (/^\s*insert\b/i.test(sql)) throw readOnly('INSERT');
  const text = await engine.canonical(sql);
  if (text.includes(nul)) throw refuse('SYNTAX_ERROR', 'A statement cannot hold the character NUL');
  return text;
}

/** `{name:Identifier}` becomes the name that it stands for, so that it is checked like any other. */
function withNames(list: readonly Token[], params: ReadonlyMap<string, string>): Token[] {
  return list.map((token) => {
    if (token.kind !== 'param' || token.type?.toLowerCase() !== 'identifier') return token;
    const value = params.get(token.value);
    if (value === undefined) throw missing(token.value);
    const text = `\`${value.replace(/[\\`]/g, (c) => `\\${c}`)}\``;
    return { kind: 'name', text, value, quoted: true };
  });
}

const missing = (name: string) => refuse('UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set`);

/** The engine refuses to parse a parameter without its value; what it would put there has this shape. */
const standIn = (token: Token): Token =>
  token.kind === 'param' ? { ...token, text: `_CAST('', ${quote(token.type ?? '')})` } : token;

function neededParams(list: readonly Token[], params: ReadonlyMap<string, string>): string[] {
  const names = new Set(list.filter((t) => t.kind === 'param').map((t) => t.value));
  for (const name of names) if (!params.has(name)) throw missing(name);
  return [...names];
}

/** `WITH name AS (SELECT …)`: the only place where a name stands before a query. */
function commonTables(list: readonly Token[]): string[] {
  return list
    .filter((t, i) => t.kind === 'name' && isWord(list[i + 1], 'AS') && isSign(list[i + 2], '('))
    .map((t) => t.value);
}

const harmlessForBound = ['EXPLAIN AST', 'EXPLAIN SYNTAX', 'EXPLAIN QUERY TREE'];
const harmlessExplains = [...harmlessForBound, 'EXPLAIN', 'EXPLAIN PLAN', 'EXPLAIN PIPELINE'];

function checkStatement(root: Node, rules: TreeRules, bound: boolean): void {
  if (root.kind === 'SelectWithUnionQuery') checkTree(root, rules);
  else if (root.kind === 'DescribeQuery') checkDescribe(root, rules);
  else if (root.kind === 'Explain') checkExplain(root, rules, bound);
  else throw readOnly(root.kind);
}

/** Whatever else hangs below is where the answer should be written to. */
function checkDescribe(root: Node, rules: TreeRules): void {
  const [table, ...others] = root.children;
  if (table?.kind !== 'TableExpression' || others.length > 0) {
    throw refuse('ACCESS_DENIED', 'DESCRIBE takes a table or a query and nothing more here');
  }
  checkTree(table, rules);
}

const readOnly = (kind: string) =>
  refuse(
    'READONLY',
    `${kind === 'Set' ? 'SET' : kind}: this endpoint is read only; SELECT, EXPLAIN, DESCRIBE, SHOW and EXISTS are allowed`,
  );

function checkExplain(root: Node, rules: TreeRules, bound: boolean): void {
  // Plans count the parts and granules of every project's rows.
  if (!(bound ? harmlessForBound : harmlessExplains).includes(root.label)) {
    throw refuse(
      'ACCESS_DENIED',
      `${root.label} is not allowed ${bound ? 'to a key of one project' : 'here'}`,
    );
  }
  const [options, ...queries] =
    root.children[0]?.kind === 'Set' ? root.children : [undefined, ...root.children];
  if (queries.length !== 1 || queries[0]?.kind !== 'SelectWithUnionQuery') {
    throw refuse(
      'ACCESS_DENIED',
      `Only a SELECT can be explained${options === undefined ? '' : ' with options'}`,
    );
  }
  checkTree(queries[0], rules);
}

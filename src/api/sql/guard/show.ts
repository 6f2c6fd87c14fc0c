import { quote } from '../../../projections/sql.ts';
import { refuse } from '../errors.ts';
import { isShadowed, shadowDatabases, shadowOf } from './systemTables.ts';
import { isSign, isWord, type Token } from './tokens.ts';

/** What a `SHOW`, `EXISTS` or `USE` may tell of. */
export interface Visible {
  database: string;
  views: ReadonlySet<string>;
}

const system = shadowDatabases.system;

/**
 * `SHOW` and its like are answered by queries of the shadowed system tables, never by the engine's own statements,
 * which would tell of everything. Undefined for what is none of them.
 */
export function answerForShow(kind: string, list: readonly Token[], visible: Visible): string | undefined {
  if (kind === 'UseQuery') return use(list, visible);
  if (/^Exists(Table|View|Database|Dictionary)?Query$/.test(kind)) return exists(list, visible);
  if (/^ShowCreate(Table|View|Database)Query$/.test(kind)) return showCreate(list, visible);
  if (kind === 'ShowTables') return showTables(list, visible);
  if (kind === 'ShowColumns') return showColumns(list, visible);
  if (kind === 'ShowFunctions') return `SELECT * FROM ${system}.functions ORDER BY name`;
  if (kind === 'ShowProcesslistQuery') return `SELECT * FROM ${system}.processes`;
  return undefined;
}

const knows = (database: string, visible: Visible): boolean =>
  database === visible.database || shadowOf(database) !== undefined;

function use(list: readonly Token[], visible: Visible): string {
  const database = list.at(-1)?.value ?? '';
  if (!knows(database, visible)) throw refuse('UNKNOWN_DATABASE', `Database ${database} does not exist`);
  return 'SELECT 1 WHERE 0';
}

/** The last one or two names of a statement such as `EXISTS TABLE a.b`. */
function target(list: readonly Token[], visible: Visible): { database: string; table: string } {
  const table = list.at(-1)?.value ?? '';
  if (!isSign(list.at(-2), '.')) return { database: visible.database, table };
  return { database: list.at(-3)?.value ?? '', table };
}

const isThere = ({ database, table }: { database: string; table: string }, visible: Visible): boolean =>
  database === visible.database ? visible.views.has(table) : isShadowed(database, table);

function exists(list: readonly Token[], visible: Visible): string {
  const found = list.some((t) => isWord(t, 'DATABASE'))
    ? knows(list.at(-1)?.value ?? '', visible)
    : isThere(target(list, visible), visible);
  return `SELECT toUInt8(${found ? 1 : 0}) AS result`;
}

function showCreate(list: readonly Token[], visible: Visible): string {
  if (isWord(list[2], 'DATABASE')) {
    const database = list.at(-1)?.value ?? '';
    if (!knows(database, visible)) throw refuse('UNKNOWN_DATABASE', `Database ${database} does not exist`);
    return `SELECT ${quote(`CREATE DATABASE ${database}`)} AS statement`;
  }
  const wanted = target(list, visible);
  if (wanted.database !== visible.database || !isThere(wanted, visible)) {
    throw refuse('UNKNOWN_TABLE', `Table ${wanted.database}.${wanted.table} does not exist`);
  }
  return `SELECT create_table_query AS statement FROM ${system}.tables WHERE ${isNamed(wanted.database, wanted.table)}`;
}

const isNamed = (database: string, table: string): string =>
  `database = ${quote(database)} AND name = ${quote(table)}`;

const emptyLists: Record<string, string> = {
  DICTIONARIES: 'dictionaries',
  CLUSTERS: 'clusters',
  MERGES: 'merges',
};

function showTables(list: readonly Token[], visible: Visible): string {
  const what =
    list
      .slice(1)
      .find((t) => !isWord(t, 'FULL') && !isWord(t, 'TEMPORARY'))
      ?.text.toUpperCase() ?? '';
  const empty = emptyLists[what];
  if (empty !== undefined) return `SELECT * FROM ${system}.${empty}`;
  const restrictions = filters(list);
  if (what === 'DATABASES') {
    return `SELECT name FROM ${system}.databases WHERE 1${restrictions}`;
  }
  if (what !== 'TABLES') throw refuse('ACCESS_DENIED', `SHOW ${what} is not allowed here`);
  const database = named(list, 'FROM')[0] ?? visible.database;
  if (!knows(database, visible)) throw refuse('UNKNOWN_DATABASE', `Database ${database} does not exist`);
  const type = list.some((t) => isWord(t, 'FULL')) ? ", 'VIEW' AS table_type" : '';
  return `SELECT name${type} FROM ${system}.tables WHERE database = ${quote(database)}${restrictions}`;
}

function showColumns(list: readonly Token[], visible: Visible): string {
  if (!list.some((t) => isWord(t, 'COLUMNS'))) return 'SELECT 1 AS index WHERE 0';
  const [table = '', database = visible.database] = named(list, 'FROM');
  return (
    `SELECT name AS field, type, if(startsWith(type, 'Nullable'), 'YES', 'NO') AS null, '' AS key, ` +
    `CAST(NULL, 'Nullable(String)') AS default, '' AS extra FROM ${system}.columns ` +
    `WHERE database = ${quote(database)} AND table = ${quote(table)}${filters(list)}`
  );
}

/** What stands behind each `FROM`; a dotted name counts as the table and then its database. */
function named(list: readonly Token[], word: string): string[] {
  return list.flatMap((t, i) => {
    if (!isWord(t, word)) return [];
    const first = list[i + 1]?.value ?? '';
    return isSign(list[i + 2], '.') ? [list[i + 3]?.value ?? '', first] : [first];
  });
}

function filters(list: readonly Token[]): string {
  if (list.some((t) => isWord(t, 'WHERE')))
    throw refuse('NOT_IMPLEMENTED', 'SHOW … WHERE: query system.tables');
  const like = list.findIndex((t) => isWord(t, 'LIKE') || isWord(t, 'ILIKE'));
  const limit = list.findIndex((t) => isWord(t, 'LIMIT'));
  const not = isWord(list[like - 1], 'NOT') ? 'NOT ' : '';
  const pattern = list[like + 1];
  const condition =
    like === -1 || pattern?.kind !== 'string'
      ? ''
      : ` AND name ${not}${list[like]?.text} ${quote(pattern.value)}`;
  const count = list[limit + 1];
  const rows = limit === -1 || count?.kind !== 'number' ? '' : ` LIMIT ${Number.parseInt(count.text, 10)}`;
  return `${condition} ORDER BY name${rows}`;
}

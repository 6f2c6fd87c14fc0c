import { quote } from '../../projections/sql.ts';
import { allowedFunctionNames } from './functions/allowed.ts';
import { shadowDatabases, shadowedTables } from './guard/systemTables.ts';
import type { AllowedViews, AnalystEngine } from './ports.ts';
import { isTaken } from './settings.ts';

type Ask = AnalystEngine['arrange'];

/**
 * Views that stand in for the engine's own system tables and tell of the analysts' views alone. They live in memory
 * and are made anew at each start.
 */
export async function createShadows(engine: AnalystEngine, rules: AllowedViews): Promise<void> {
  const ask: Ask = (sql) => engine.arrange(sql);
  const settings = [...engine.facts.settings].filter(isTaken);
  for (const database of Object.values(shadowDatabases)) {
    await ask(`DROP DATABASE IF EXISTS ${database}`);
    await ask(`CREATE DATABASE ${database} ENGINE = Memory`);
  }
  for (const [name, query] of await systemViews(ask, rules, settings)) {
    await ask(`CREATE VIEW ${shadowDatabases.system}.${name} SQL SECURITY DEFINER AS ${query}`);
  }
  for (const [name, query] of standardViews(rules)) {
    await ask(`CREATE VIEW ${shadowDatabases.information_schema}.${name} SQL SECURITY DEFINER AS ${query}`);
  }
}

const list = (names: readonly string[]): string => `(${names.map(quote).join(', ')})`;

async function systemViews(
  ask: Ask,
  rules: AllowedViews,
  taken: readonly string[],
): Promise<[string, string][]> {
  const ours = `database = ${quote(rules.database)}`;
  const views = rules.views.length === 0 ? "('')" : list(rules.views);
  const databases = list([rules.database, 'system', 'information_schema']);
  const hiddenSettings = list(['additional_table_filters', 'log_comment']);
  return [
    ['databases', await only(ask, 'databases', ['name', 'engine', 'comment'], `name IN ${databases}`)],
    ['tables', await only(ask, 'tables', tableColumns, `${ours} AND name IN ${views}`, createQuery(rules))],
    ['columns', await only(ask, 'columns', columnColumns, `${ours} AND table IN ${views}`)],
    ['functions', `SELECT * FROM system.functions WHERE name IN ${list(allowedFunctionNames)}`],
    [
      'settings',
      `SELECT * REPLACE (toUInt8(name NOT IN ${list(taken)}) AS readonly)
      FROM system.settings WHERE name NOT IN ${hiddenSettings}`,
    ],
    ...shadowedTables.system.empty.map((name): [string, string] => [
      name,
      `SELECT * FROM system.${name} WHERE 0`,
    ]),
    ...shadowedTables.system.whole.map((name): [string, string] => [name, `SELECT * FROM system.${name}`]),
  ];
}

const tableColumns = [
  'database',
  'name',
  'uuid',
  'engine',
  'is_temporary',
  'metadata_modification_time',
  'comment',
];
const columnColumns = [
  'database',
  'table',
  'name',
  'type',
  'position',
  'comment',
  'character_octet_length',
  'numeric_precision',
  'numeric_precision_radix',
  'numeric_scale',
  'datetime_precision',
];

/** What a view's own definition would show are the tables behind it; this shows its columns. */
const createQuery = (rules: AllowedViews): Record<string, string> => ({
  create_table_query: `concat('CREATE VIEW ', database, '.', name, ' (', (
    SELECT arrayStringConcat(arrayMap(c -> c.2 || ' ' || c.3, arraySort(groupArray((position, name, type)))), ', ')
    FROM system.columns AS c WHERE c.database = ${quote(rules.database)} AND c.table = tables.name), ')')`,
});

/** All columns of a system table, with the default of its type in each that is not known to be harmless. */
async function only(
  ask: Ask,
  table: string,
  columns: readonly string[],
  condition: string,
  computed: Record<string, string> = {},
): Promise<string> {
  const described = await ask(
    `SELECT name, type FROM system.columns WHERE database = 'system' AND table = '${table}'`,
  );
  const shown = described
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
    .map(([name = '', type = '']) => {
      if (columns.includes(name)) return name;
      return `${computed[name] ?? `defaultValueOfTypeName(${quote(type)})`} AS ${name}`;
    });
  return `SELECT ${shown.join(', ')} FROM system.${table} WHERE ${condition}`;
}

function standardViews(rules: AllowedViews): [string, string][] {
  const schema = `table_schema = ${quote(rules.database)}`;
  const names = `table_name IN ${rules.views.length === 0 ? "('')" : list(rules.views)}`;
  const from = (table: string) => `FROM information_schema.${table}`;
  return [
    ['schemata', `SELECT * ${from('schemata')} WHERE schema_name = ${quote(rules.database)}`],
    ['tables', `SELECT * ${from('tables')} WHERE ${schema} AND ${names}`],
    ['columns', `SELECT * ${from('columns')} WHERE ${schema} AND ${names}`],
    ['views', `SELECT * REPLACE ('' AS view_definition) ${from('views')} WHERE ${schema} AND ${names}`],
    ...shadowedTables.information_schema.empty.map((name): [string, string] => [
      name,
      `SELECT * ${from(name)} WHERE 0`,
    ]),
  ];
}

import { chains, type Token } from './tokens.ts';

/** Databases with views of the engine's own tables that tell an analyst of the analyst's views alone. */
export const shadowDatabases = {
  system: 'chronoscope_system',
  information_schema: 'chronoscope_information_schema',
} as const;

export type ShadowedDatabase = keyof typeof shadowDatabases;

/**
 * What drivers and tools ask for. `filtered` have a view that leaves out what is not the analyst's; `empty` have the
 * columns and never a row; `whole` say nothing of this machine.
 */
export const shadowedTables = {
  system: {
    filtered: ['databases', 'tables', 'columns', 'functions', 'settings'],
    empty: [
      'clusters',
      'data_skipping_indices',
      'dictionaries',
      'disks',
      'macros',
      'merges',
      'mutations',
      'parts',
      'parts_columns',
      'processes',
      'projections',
      'replicas',
      'roles',
      'storage_policies',
      'table_functions',
      'users',
    ],
    whole: [
      'collations',
      'contributors',
      'data_type_families',
      'formats',
      'keywords',
      'licenses',
      'one',
      'time_zones',
    ],
  },
  information_schema: {
    filtered: ['schemata', 'tables', 'columns', 'views'],
    empty: ['key_column_usage', 'referential_constraints', 'statistics'],
    whole: [],
  },
} as const;

const names = (database: ShadowedDatabase): readonly string[] => {
  const { filtered, empty, whole } = shadowedTables[database];
  return [...filtered, ...empty, ...whole];
};

export const isShadowed = (database: string, table: string): boolean =>
  shadowOf(database) !== undefined && names(shadowOf(database) ?? 'system').includes(fold(database, table));

export const shadowOf = (database: string): ShadowedDatabase | undefined => {
  if (database === 'system') return 'system';
  return database === 'information_schema' || database === 'INFORMATION_SCHEMA'
    ? 'information_schema'
    : undefined;
};

/** The engine has each of the standard's tables in small and in capital letters. */
const fold = (database: string, table: string): string =>
  shadowOf(database) === 'information_schema' ? table.toLowerCase() : table;

/** Puts the shadow in the place of the engine's table, wherever it is named together with its database. */
export function withShadows(list: readonly Token[]): Token[] {
  const changed = [...list];
  for (const { at, names: chain } of chains(list)) {
    const [database, table] = chain;
    if (database === undefined || table === undefined || !isShadowed(database.value, table.value)) continue;
    const shadow = shadowDatabases[shadowOf(database.value) ?? 'system'];
    changed[at] = { ...database, text: shadow, value: shadow };
    changed[at + 2] = {
      ...table,
      text: fold(database.value, table.value),
      value: fold(database.value, table.value),
    };
  }
  return changed;
}

/** The reverse, for what the engine says of the shadows. */
export const withoutShadows = (text: string): string =>
  text
    .replaceAll(shadowDatabases.information_schema, 'information_schema')
    .replaceAll(shadowDatabases.system, 'system');

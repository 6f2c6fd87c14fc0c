/** Table functions that make rows out of nothing but their arguments. */
export const allowedTableFunctions: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateSeries',
  'generate_series',
  'values',
  'VALUES',
  'SQLStandardValues',
]);

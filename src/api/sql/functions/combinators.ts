/** Suffixes that make one aggregate function into another; they can stand behind one another. */
export const combinators = [
  'SimpleState',
  'MergeState',
  'OrDefault',
  'Distinct',
  'Resample',
  'ForEach',
  'ArgMin',
  'ArgMax',
  'OrNull',
  'Array',
  'Merge',
  'State',
  'Null',
  'Map',
  'If',
] as const;

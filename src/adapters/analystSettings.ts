import type { AnalystLimits } from '../api/sql/ports.ts';

/** What analysts' statements are held to, by an embedded engine as by a server. */
export const analystSettings = (l: AnalystLimits): Record<string, string> => ({
  max_execution_time: String(l.seconds),
  timeout_overflow_mode: 'throw',
  max_memory_usage: String(l.memoryBytes),
  max_result_rows: String(l.resultRows),
  max_result_bytes: String(l.resultBytes),
  result_overflow_mode: 'throw',
  max_threads: String(l.threads),
  max_query_size: '4194304',
  max_ast_depth: '1000',
  max_ast_elements: '50000',
  max_expanded_ast_elements: '100000',
  max_subquery_depth: '50',
  max_recursive_cte_evaluation_depth: '100',
  function_range_max_elements_in_block: '10000000',
  regexp_max_matches_per_row: '10000',
  // Nothing is put on the disk but the answer.
  max_bytes_before_external_group_by: '0',
  max_bytes_before_external_sort: '0',
  max_bytes_ratio_before_external_group_by: '0',
  max_bytes_ratio_before_external_sort: '0',
  allow_ddl: '0',
  allow_introspection_functions: '0',
});
